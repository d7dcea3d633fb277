"""LongBench-Write: texts of a given length are to be written; there is no document but the order itself."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from lcrag.benchmarks.base import Benchmark, Item, Prompt
from lcrag.benchmarks.load import load
from lcrag.benchmarks.rows import Row
from lcrag.datasets.base import Dataset
from lcrag.schema import Task


def items(row: Row) -> Iterator[Item]:
    """What is to be written, and in how many words."""
    words = row.integer("length")
    if words <= 0:
        raise row.wrong("length", "a number of words above 0")
    yield Item(
        "Write what the text asks for.",
        row.text("prompt"),
        "write",
        kind=row.text("type", "write"),
        metadata={"words": words},
    )


BENCHMARK = Benchmark(
    name="longbench_write",
    title="LongBench-Write",
    paper="Bai et al. 2024, arXiv 2408.07055",
    licence="Apache-2.0",
    source="github.com/THUDM/LongWriter (evaluation/longbench_write.jsonl)",
    files=("**/longbench_write.jsonl",),
    tasks={
        "write": Task(
            "write",
            instruction="Write the whole text, as long as it asks for.",
            max_tokens=32768,
            template="{context}",
            metric="long_write",
        )
    },
    items=items,
    counts={"write": 120},
    note="A benchmark of long outputs: the order to write is the document. Only the length score is computed; quality "
    "needs a judge. The English half (longbench_write_en.jsonl) is read when it is given as the file. Keys and scorer "
    "are from the authors' code; not tried on the authors' files.",
)


def load_longbench_write(
    path: Path | None = None, tasks: tuple[str, ...] = (), limit: int | None = None, prompt: Prompt = "lcrag"
) -> Dataset:
    """LongBench-Write (Bai et al. 2024, arXiv 2408.07055).

    Args:
        path: The folder with the authors' file, or the file.
        tasks: ``write``; empty for the same.
        limit: The first so many questions.
        prompt: ``official`` asks in the authors' words to the letter.

    Raises:
        LcragError: something is wrong; the message names the file and the record.
    """
    return load(BENCHMARK, path, tasks, limit, prompt)
