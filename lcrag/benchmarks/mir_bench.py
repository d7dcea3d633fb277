"""MIR-Bench: a function is to be guessed from many examples of its inputs and outputs."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from lcrag.benchmarks.base import Benchmark, Item, Prompt
from lcrag.benchmarks.load import load
from lcrag.benchmarks.rows import Row
from lcrag.datasets.base import Dataset
from lcrag.schema import Task

ASKED = "Input:"


def items(row: Row) -> Iterator[Item]:
    """The examples are the document, and the last input with what follows it is the question."""
    text, asked, question = row.text("prompt").rpartition(ASKED)
    if not asked or not text.strip():
        raise row.wrong("prompt", f"examples and a question, each after {ASKED!r}")
    yield Item(
        asked + question,
        text,
        "extended" if "ext" in row.path.name.lower() else "core",
        row.texts("answer")[:1],
        metadata={"shots": text.count(ASKED), "error_rate": row.text("ER_rate", "0")},
    )


BENCHMARK = Benchmark(
    name="mir_bench",
    title="MIR-Bench",
    paper="Yan et al. 2025, arXiv 2502.09933",
    licence="see the data card",
    source="github.com/KaiYan289/MIR-Bench (MIR-Core.parquet, MIR-Extended.parquet)",
    files=("**/MIR-*.parquet", "**/MIR-*.jsonl"),
    tasks={
        name: Task(
            name,
            instruction="Give the output that belongs to the last input, after `Output:`.",
            template="{context}{question}",
            metric="mir_bench",
            average=("task", "shots"),
        )
        for name in ("core", "extended")
    },
    items=items,
    note="Scores are by the number of examples. The keys `prompt`, `answer` and `ER_rate` are those of the authors' "
    "evaluation; not tried on the authors' files.",
)


def load_mir_bench(
    path: Path | None = None, tasks: tuple[str, ...] = (), limit: int | None = None, prompt: Prompt = "lcrag"
) -> Dataset:
    """MIR-Bench (Yan et al. 2025, arXiv 2502.09933).

    Args:
        path: The folder with the authors' files.
        tasks: ``core``, ``extended``; empty for both.
        limit: The first so many questions of each task.
        prompt: ``official`` asks in the authors' words to the letter.

    Raises:
        LcragError: something is wrong; the message names the file and the record.
    """
    return load(BENCHMARK, path, tasks, limit, prompt)
