"""LaRA's retrieval on its own documents, and the published answers scored through the runnable data set.

LaRA (Li et al. 2025, arXiv 2502.09977) retrieves 3 chunks of 600 tokens by BM25 and 2 by dense search. Needs the
published data: set LCRAG_DATA to the folder that holds ``LaRA``. Writes two parts of docs/benchmark_results.md.
"""

from __future__ import annotations

import argparse
import itertools
import os
import sys
import time
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from page import put

from embedders import SentenceTransformerEmbedder
from lcrag.benchmarks import load_lara
from lcrag.benchmarks.lara import GENRES, LENGTHS
from lcrag.datasets import Dataset
from lcrag.metrics.task import TaskScore
from lcrag.published.lara import import_lara
from lcrag.published.lara_table import import_lara_table
from lcrag.schema import Answer, Passage, Question, Span
from retrievers import BM25Retriever, HybridRetriever, TokenChunker, lara_hybrid

ROOT = Path(__file__).parents[2]
PAGE = ROOT / "docs" / "benchmark_results.md"
K = 5
LEVELS = ("location", "reasoning", "comparison")
SIZES = {300: 0, 600: 100}  # tokens of a chunk: tokens that neighbours share


def share_hit(passages: Iterable[Passage], regions: Sequence[Span]) -> float:
    """The share of the regions in which the middle of a passage lies."""
    middles = [(p.start + p.end) // 2 for p in passages]
    return float(np.mean([any(r.start <= m < r.end for m in middles) for r in regions]))


def recall(dataset: Dataset, questions: Sequence[Question], retriever: Any, until: float) -> dict[str, float]:
    """Each question's share of regions that are hit; questions whose texts were not reached in time are left out."""
    by_document: dict[str, list[Question]] = defaultdict(list)
    for question in questions:
        by_document[question.document_ids[0]].append(question)
    hits = {}
    for id, asked in by_document.items():
        if time.monotonic() > until:
            break
        index = retriever.build({id: dataset.document(id).text})
        rankings = index.search([q.text for q in asked], K)
        hits |= {q.id: share_hit(r, q.evidence) for q, r in zip(asked, rankings, strict=True)}
    return hits


def by_chance(dataset: Dataset, question: Question) -> float:
    """What five passages at random places hit."""
    size = len(dataset.document(question.document_ids[0]).text)
    return float(np.mean([1 - (1 - (s.end - s.start) / size) ** K for s in question.evidence]))


def arms() -> tuple[dict[str, Any], dict[str, Any]]:
    """The retrievers without and with an embedder."""
    model = SentenceTransformerEmbedder()
    sparse = {f"BM25, {size}": BM25Retriever(TokenChunker(size, shared)) for size, shared in SIZES.items()}
    hybrid = {
        "hybrid, 300": HybridRetriever(model, TokenChunker(300), fusion="quota"),
        "hybrid, 600": lara_hybrid(model),
    }
    return sparse, hybrid


def retrieval(dataset: Dataset, minutes: float) -> Iterator[str]:
    """The table of recall, again after each part: BM25 first, then the embedder's as far as there is time."""
    questions = [q for q in dataset.questions if q.evidence]
    hits: dict[str, dict[str, float]] = {name: {} for kinds in arms() for name in kinds}
    for retrievers, limit in zip(arms(), (float("inf"), 60 * minutes), strict=True):
        until = time.monotonic() + limit
        for length in LENGTHS:
            for genre in ("financial", "paper", "book"):
                asked = [
                    q for q in questions if q.metadata["length"] == length and q.metadata["genre"] == genre
                ]
                for name, retriever in retrievers.items():
                    hits[name] |= recall(dataset, asked, retriever, until)
                yield table(dataset, questions, hits)


def table(dataset: Dataset, questions: Sequence[Question], hits: dict[str, dict[str, float]]) -> str:
    """Mean recall in each set; a dash where it was not reached."""
    lines = [
        f"| length | genre | level | questions | chance | {' | '.join(hits)} |",
        "|---|---|---|---:|---:|" + "---:|" * len(hits),
    ]
    for place in itertools.product(LENGTHS, GENRES, LEVELS):
        part = [q for q in questions if (q.metadata["length"], q.metadata["genre"], q.kind) == place]
        if part:
            cells = [_cell([done[q.id] for q in part if q.id in done], len(part)) for done in hits.values()]
            chance = np.mean([by_chance(dataset, q) for q in part])
            lines.append(f"| {' | '.join(place)} | {len(part)} | {chance:.3f} | {' | '.join(cells)} |")
    left = [
        f"{name} {len(questions) - len(done)}" for name, done in hits.items() if len(done) < len(questions)
    ]
    if left:
        lines += [
            "",
            f"A dash: not embedded for want of time (questions not reached: {', '.join(left)}).",
        ]
    return "\n".join(lines)


def _cell(values: Sequence[float], count: int) -> str:
    """The mean; a dash where not all questions of the set were reached, since the first ones are no fair sample."""
    return f"{np.mean(values):.3f}" if len(values) == count else "-"


def scored(dataset: Dataset, folder: Path) -> pd.DataFrame:
    """The published answers to the data set's questions with the score of the questions' tasks; failed calls are 0."""
    outcomes = import_lara(folder, features=False)
    questions = {q.id: q for q in dataset.questions}
    outcomes = outcomes[outcomes["question_id"].isin(questions)].copy()
    metric = TaskScore()
    outcomes["again"] = [
        metric.score(questions[id], Answer(text)) if text else 0.0
        for id, text in zip(outcomes["question_id"], outcomes["answer"], strict=True)
    ]
    return outcomes


def answers(dataset: Dataset, folder: Path) -> str:
    """Each model's location and hallucination scores beside the paper's, and how far the two agree."""
    rows = scored(dataset, folder)
    answered = rows[(rows["answer"] != "") & rows["score"].notna()]
    same = int((answered["again"] == answered["score"]).sum())
    kinds = ["location", "hallucination"]
    keys = ["model", "length", "kind", "strategy"]
    genres = rows[rows["kind"].isin(kinds)].groupby([*keys, "domain"])["again"].mean()
    ours = 100 * genres.groupby(keys).mean()
    table = import_lara_table(folder / "paper_main_table.json").set_index(keys)["score"] * 100
    columns = [
        (length, kind, arm)
        for length in LENGTHS for kind in kinds for arm in ("long_context", "chunked_retrieval")
    ]  # fmt: skip
    heads = [
        f"{length} {kind}, {'long context' if arm == 'long_context' else 'retrieval'}"
        for length, kind, arm in columns
    ]
    names = names_in_table(rows["model"].unique(), {str(k[0]) for k in table.index})
    lines = [f"| model | {' | '.join(heads)} |", "|---|" + "---:|" * len(heads)]
    pairs: dict[str, list[tuple[float, float]]] = defaultdict(list)
    for model, published in sorted(names.items()):
        cells = []
        for length, kind, arm in columns:
            value = ours.get((model, length, kind, arm), float("nan"))
            paper = table.get((published, length, kind, arm))
            cells.append(f"{value:.1f}" + ("" if paper is None else f" ({paper:.1f})"))
            if paper is not None:
                pairs[kind].append((value, float(paper)))
        lines.append(f"| {model} | {' | '.join(cells)} |")
    agreement = [
        f"{kind}: mean {np.mean([a for a, _ in both]):.1f} and {np.mean([b for _, b in both]):.1f}, "
        f"Pearson {np.corrcoef(*zip(*both, strict=True))[0, 1]:.3f} over {len(both)} cells"
        for kind, both in pairs.items()
    ]
    return "\n".join(
        [
            f"{len(rows):,} answers of {rows['model'].nunique()} models to the {len(dataset.questions):,} questions "
            f"whose texts are here. Of the {len(answered):,} answers that `import_lara` scores, {same:,} have the "
            "same score through the data set. Mean of the three genres, in percent; in brackets the paper's, by "
            "its judge on all questions.",
            "",
            *lines,
            "",
            f"Ours and the paper's: {'; '.join(agreement)}. Reasoning and comparison need a judge.",
        ]
    )


def names_in_table(models: Iterable[str], published: set[str]) -> dict[str, str]:
    """The name in the paper's table for each folder of answers; the same where it has none."""
    short = {p.replace("-instruct", "").replace("-20241022", ""): p for p in published}
    return {
        m: m if m in published else short.get(m.replace("-instruct", "").replace("-20241022", ""), m)
        for m in models
    }


def main() -> None:
    """Write both parts of the page."""
    parser = argparse.ArgumentParser(description="LaRA's retrieval and its answers")
    parser.add_argument("--minutes", type=float, default=20, help="how long the embedder may run")
    parser.add_argument(
        "--part", choices=("retrieval", "answers"), help="one of the two parts; both by default"
    )
    options = parser.parse_args()
    folder = Path(os.environ.get("LCRAG_DATA", ROOT.parent / "shared" / "data")) / "LaRA"
    if not folder.is_dir():
        sys.exit(f"{folder} is not there: set LCRAG_DATA to the folder that holds LaRA's data.")
    dataset = load_lara(folder)
    if options.part != "retrieval":
        put(PAGE, "lara answers", answers(dataset, folder))
    if options.part != "answers":
        head = (
            f"Recall of the region that a question was written from: the share of regions (two for a comparison) in "
            f"which the middle of one of {K} passages lies. BM25, or LaRA's hybrid (3 passages by BM25, then 2 by "
            "all-MiniLM-L6-v2, each once), on chunks of 300 tokens and of 600 with 100 shared. "
            "`chance`: five passages at random places. "
            f"{' '.join(dataset.notices)}"
        )
        for text in retrieval(dataset, options.minutes):
            put(PAGE, "lara retrieval", f"{head}\n\n{text}")


if __name__ == "__main__":
    main()
