"""Two probes: three passages, then ten, then the whole text, by a real reader; and NoCha's 5, 25 and 50 passages."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from routing_data import KEPT, LC, data, embedder
from routing_transfer import figures

from lcrag import ChunkedRetrieval, Experiment, LongContext, TransformersReader
from lcrag.datasets import load_pydoc_facts
from lcrag.metrics.official.true_false import verdict
from lcrag.metrics.text import token_f1
from lcrag.outcomes.baselines import oracle
from lcrag.published.nocha import import_nocha
from lcrag.replay import cross_replay, examples_of
from lcrag.routers import CascadeRouter, Examples, QualityRouter, StackedRouter
from lcrag.tables import markdown
from retrievers import HybridRetriever, RecursiveChunker

K = ("retrieval, k = 3", "retrieval, k = 10")
NOCHA = ("bm25_top5", "bm25_top25", "bm25_top50")


def run(folder: Path = KEPT) -> pd.DataFrame:
    """Outcomes of three arms: SmolLM2 on facts in CPython's language reference, as in the demo."""
    settings: dict[str, Any] = {"max_tokens": 20, "allow_decline": False}
    strategies = [ChunkedRetrieval(name=n, k=k, **settings) for n, k in zip(K, (3, 10), strict=True)]
    experiment = Experiment(
        dataset=load_pydoc_facts(),
        reader=TransformersReader("smollm2", batch_size=16),
        strategies=[*strategies, LongContext(**settings)],
        output=folder / "two_probes",
        embedder=embedder(),
        retriever=HybridRetriever(embedder(), chunker=RecursiveChunker(size=300, overlap=60)),
        mlflow="",
        name="two_probes",
    )
    return experiment.run().table


def with_agreement(table: pd.DataFrame, order: Sequence[str]) -> pd.DataFrame:
    """A signal of each probe but the first: how far its answer is the one of the probe before (token F1)."""
    key = ["question_id", "model", "seed"]
    answers = table.pivot(index=key, columns="strategy", values="answer")
    agreement = pd.Series(np.nan, table.index)
    for earlier, later in pairwise(order):
        rows = table["strategy"] == later
        pairs = answers.loc[pd.MultiIndex.from_frame(table.loc[rows, key]), [earlier, later]]
        agreement[rows] = [token_f1(b, [a]) for a, b in pairs.itertuples(index=False)]
    return table.assign(signal_agreement=agreement)


def nocha() -> pd.DataFrame:
    """NoCha's claims as GPT-4o answered them; the verdict in place of the answer, which is what can agree."""
    table = import_nocha(data() / "NoCha" / "data_sample" / "data_sample.json", pairs=False)
    table = table[(table["model"] == "gpt4o") & table["strategy"].isin(NOCHA)].reset_index(drop=True)
    verdicts = [str(verdict(a)) for a in table["answer"]]
    return table.assign(answer=verdicts, signal_says_true=[float(v == "True") for v in verdicts])


def routers(order: Sequence[str]) -> list[Any]:
    """No probe, one and two: the budget is halfway between the dearest strategy and nothing."""
    return [
        QualityRouter(name="no probe (quality)", cost_weight=0.02),
        QualityRouter(name="one probe (quality)", probe=order[0], cost_weight=0.02),
        StackedRouter(name="one probe (stacked)", probe=order[0], words=False),
        CascadeRouter(name="one probe (cascade of two)", max_strategies=2, budget=1.0),
        CascadeRouter(name="two probes (cascade of three)", max_strategies=3, budget=1.0),
        CascadeRouter(name="two probes, half the cost", max_strategies=3, budget=0.5),
    ]


def table_of(examples: Examples, order: Sequence[str], folds: int = 5) -> str:
    """Strategies, oracle and routers with no probe, one and two."""
    rows = [
        _row(f"always {name}", examples.scores[:, i], examples.costs[:, i], examples)
        for i, name in enumerate(examples.strategies)
    ]
    everything, best = np.arange(len(examples)), oracle(examples.scores, examples.costs)
    rows.append(_row("oracle", examples.scores.max(1), examples.costs[everything, best], examples))
    for router in routers(order):
        decided = cross_replay(router, examples, count=folds)
        answers = f"{decided.ran.sum(1).mean():.2f}"
        rows.append(_row(router.name, decided.scores, decided.costs, examples, answers))
    return markdown(pd.DataFrame(rows))


def _row(
    name: str,
    scores: NDArray[np.float64],
    costs: NDArray[np.float64],
    examples: Examples,
    answers: str = "1.00",
) -> dict[str, str]:
    accuracy = f"{scores.mean():.3f}"
    return {"router": name, "accuracy": accuracy, **figures(scores, costs, examples), "answers": answers}


def parts() -> dict[str, str]:
    """The tables of two probes for the page."""
    own = examples_of(with_agreement(run(), (*K, LC)), strategies=[*K, LC], cache="cold")
    claims = examples_of(with_agreement(nocha(), NOCHA), strategies=list(NOCHA), cache="cold")
    return {
        "own": table_of(own, K),
        "own_count": f"{len(own)} questions on {len(set(own.documents))} documents",
        "nocha": table_of(claims, NOCHA, folds=4),
        "nocha_count": f"{len(claims)} claims on {len(set(claims.documents))} novels",
    }
