"""The runs behind docs/budget.md: a grid of theta = (k, m, n) on generated questions of one and two hops."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

from lcrag.datasets.multi_hop import generate_multi_hop
from lcrag.experiment import Experiment, Results
from lcrag.readers import TransformersReader
from lcrag.strategies import DRAG, IterDRAG
from retrievers.bm25 import BM25Retriever
from retrievers.chunkers import RecursiveChunker

TASKS = [(domain, hops) for domain in ("companies", "music") for hops in (1, 2)]
DOCUMENTS, QUESTIONS, SHOTS = 4, 2, 3  # documents per domain, questions per document and hop, demonstrations
GRID = [(k, m, 1) for k in (0, 1, 2, 4, 8) for m in (0, 1, SHOTS)]
ITERATED = [(2, 0, 2), (4, 0, 2), (2, 0, 4)]
SHORT = {"allow_decline": False, "max_tokens": 16}


def name(theta: tuple[int, int, int]) -> str:
    """A theta as a strategy's name."""
    k, m, n = theta
    kind = "iter_drag" if n > 1 else "drag" if m else "retrieval" if k else "bare"
    return f"{kind} {k},{m},{n}"


def strategies() -> dict[tuple[int, int, int], Any]:
    """The strategy of each theta: n = 1 is DRAG (plain retrieval where m = 0), n > 1 IterDRAG."""
    single = {(k, m, n): DRAG(name=name((k, m, n)), k=k, m=m, **SHORT) for k, m, n in GRID}
    several = {
        (k, m, n): IterDRAG(name=name((k, m, n)), k=k, m=m, n=n, step_tokens=24, **SHORT)
        for k, m, n in ITERATED
    }
    return single | several


def run(output: Path, documents: int = DOCUMENTS, questions: int = QUESTIONS) -> dict[str, Results]:
    """Run every theta on every task, journalled in ``output``; a second call resumes the first."""
    reader = TransformersReader("smollm2")
    results = {}
    for domain, hops in TASKS:
        data = generate_multi_hop(domain, hops, documents, questions, demonstrations=SHOTS)
        experiment = Experiment(
            data,
            reader,
            list(strategies().values()),
            output / data.name,
            retriever=BM25Retriever(chunker=RecursiveChunker(260, 0)),
            mlflow="",
        )
        results[data.name] = experiment.run(_say)
    return results


def _say(row: Any, resumed: bool) -> None:
    if not resumed:
        sys.stderr.write(f"{row.question_id} {row.strategy} {row.score} {row.error}\n")
