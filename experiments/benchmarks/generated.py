"""RULER, needles and the place of the gold passage, long context against retrieval (`make generated`).

SmolLM2-135M-Instruct in vLLM's engine, with YaRN and without. Writes the parts of docs/benchmark_results.md and its
pictures; finished answers are kept under runs/generated. The place of the gold passage needs LCRAG_DATA.
"""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from dataclasses import replace
from datetime import date
from math import isnan
from pathlib import Path

import pandas as pd
from page import put

from lcrag import ChunkedRetrieval, Experiment, LongContext, VLLMReader
from lcrag.analysis.heat_map import needle_heat_map
from lcrag.analysis.plots import figure_of
from lcrag.datasets.base import Dataset
from lcrag.generators import generate_niah, generate_ruler, load_lost_positions
from lcrag.readers.rope import RopeExtension
from lcrag.statistics import SCORES, clustered_mean
from retrievers import BM25Retriever, RecursiveChunker

ROOT = Path(__file__).parents[2]
PAGE, IMAGES, KEPT = (
    ROOT / "docs" / "benchmark_results.md",
    ROOT / "docs" / "images",
    ROOT / "runs" / "generated",
)
LENGTHS = (1024, 2048, 4096, 8000)  # tokens; 192 of SmolLM2's 8192 are left to the chat template
READERS = {"own window": None, "YaRN, factor 2": RopeExtension("yarn", 2)}
LONG = 4096  # shorter texts tell little of a stretched window
STRATEGIES = (LongContext(truncate="middle"), ChunkedRetrieval(k=5))
COLOURS = {"long_context": "#0072B2", "chunked_retrieval": "#D55E00"}


def datasets() -> Iterator[Dataset]:
    """What is asked."""
    yield generate_ruler(tokens=LENGTHS, count=1, tokenizer="smollm2", prompt="official")
    yield generate_niah(tokens=LENGTHS, depths=5, count=1, tokenizer="smollm2", prompt="official")
    data = Path(os.environ.get("LCRAG_DATA", ROOT.parent / "shared" / "data")) / "LostInTheMiddle"
    if data.is_dir():
        yield load_lost_positions(data, passages=10, positions=(0, 2, 4, 7, 9), limit=8, prompt="official")


def run(dataset: Dataset, name: str, reader: VLLMReader) -> pd.DataFrame:
    """The outcomes of one reader on one data set."""
    experiment = Experiment(
        dataset=dataset,
        reader=reader,
        strategies=STRATEGIES,
        retriever=BM25Retriever(chunker=RecursiveChunker(size=1000, overlap=0)),
        output=KEPT / dataset.name / name.partition(",")[0].replace(" ", "_"),
        mlflow="",
        name=f"{dataset.name}, {name}",
    )
    return experiment.run().table.assign(reader=name)


def _long(dataset: Dataset) -> Dataset:
    """The questions on texts of ``LONG`` tokens or more; all, where lengths are not known."""
    questions = tuple(q for q in dataset.questions if q.metadata.get("length", LONG) >= LONG)
    return replace(dataset, questions=questions)


def by_length(table: pd.DataFrame, dataset: Dataset) -> str:
    """Scores of tasks by length, from 0 to 100."""
    length = {q.id: int(q.metadata["length"]) for q in dataset.questions}
    table = table.assign(length=table["question_id"].map(length))
    tasks = table.pivot_table(
        index="kind", columns=["reader", "strategy", "length"], values="score", aggfunc="mean"
    )
    parts = []
    for reader in READERS:
        columns = [c for c in tasks.columns if c[0] == reader]
        head = ["task", *(f"{'LC' if s == 'long_context' else 'RAG'} {n // 1000}k" for _, s, n in columns)]
        rows = [[task, *(_cell(tasks.loc[task, c], ".0f") for c in columns)] for task in tasks.index]
        means = ["mean", *(_cell(tasks[c].mean(skipna=False), ".1f") for c in columns)]
        lines = [head, ["---", *["---:"] * len(columns)], *rows, means]
        parts.append(f"{reader}:\n\n" + "\n".join(f"| {' | '.join(line)} |" for line in lines))
    return "\n\n".join(parts)


def _cell(score: float, form: str) -> str:
    return "-" if isnan(score) else format(100 * score, form)


def curve(table: pd.DataFrame, dataset: Dataset) -> str:
    """Accuracy by the place of the gold passage, drawn and as a table."""
    place = {q.id: int(q.metadata["position"]) for q in dataset.questions}
    table = table.assign(position=table["question_id"].map(place))
    figure = figure_of(7.2, 4.2)
    axes = figure.add_subplot()
    lines = []
    for (reader, strategy), rows in table.groupby(["reader", "strategy"], sort=False):
        cells = {p: clustered_mean(r["score"].to_numpy(float), r["document_id"], bounds=SCORES)
                 for p, r in rows.groupby("position")}  # fmt: skip
        style = "-" if reader == "own window" else ":"
        axes.plot([p + 1 for p in cells], [m.mean for m in cells.values()], style, marker="o",
                  color=COLOURS[str(strategy)], label=f"{strategy}, {reader}")  # fmt: skip
        shown = (f"{m.mean:.2f} [{m.low:.2f}, {m.high:.2f}]" for m in cells.values())
        lines.append(f"| {strategy} | {reader} | {' | '.join(shown)} |")
    axes.set_xlabel("place of the gold passage among 10")
    axes.set_ylabel("best subspan EM")
    axes.set_ylim(0, 1)
    axes.spines[["top", "right"]].set_visible(False)
    axes.legend(frameon=False)
    figure.savefig(IMAGES / "lost_in_the_middle.png", dpi=150)
    places = sorted(set(place.values()))
    head = f"| strategy | reader | {' | '.join(str(p + 1) for p in places)} |"
    return "\n".join([head, "|---|---|" + "---:|" * len(places), *lines])


def main() -> None:
    """Run everything and write the page."""
    os.environ.setdefault("VLLM_CPU_KVCACHE_SPACE", "2")
    started = time.perf_counter()
    sets, tables = list(datasets()), list[list[pd.DataFrame]]()
    for name, rope in READERS.items():
        reader = VLLMReader(rope=rope, dtype="bfloat16", max_concurrency=4)
        tables.append([run(_long(dataset) if rope else dataset, name, reader) for dataset in sets])
        reader.close()
    for dataset, of_readers in zip(sets, zip(*tables, strict=True), strict=True):
        table = pd.concat(of_readers)
        if dataset.name == "ruler":
            put(PAGE, "ruler", by_length(table, dataset))
        elif dataset.name == "niah":
            for name, rows in table.groupby("reader", sort=False):
                image = f"niah_{str(name).partition(',')[0].replace(' ', '_').lower()}.png"
                needle_heat_map(rows, dataset.questions).savefig(IMAGES / image, dpi=150)
        else:
            put(PAGE, "lost in the middle", curve(table, dataset))
    minutes = (time.perf_counter() - started) / 60
    put(
        PAGE,
        "generated",
        f"Made by `make generated` on {os.cpu_count()} CPU cores, {date.today()}, {minutes:.0f} minutes.",
    )


if __name__ == "__main__":
    main()
