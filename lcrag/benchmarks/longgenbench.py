"""LongGenBench: diaries, menus and towns in many numbered blocks, some with things that must be in them."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from lcrag.benchmarks.base import Benchmark, Item, Prompt
from lcrag.benchmarks.load import load
from lcrag.benchmarks.rows import Row
from lcrag.datasets.base import Dataset
from lcrag.schema import Task

CHECKS = ("checks_once", "checks_range", "checks_periodic")


def items(row: Row) -> Iterator[Item]:
    """What is to be written, with its checks."""
    number = row.integer("number")
    if number <= 0:
        raise row.wrong("number", "a number of blocks above 0")
    checks = {key.removeprefix("checks_"): dict(row.row(key).values) for key in CHECKS if key in row}
    yield Item(
        "Write what the text asks for.",
        row.text("prompt"),
        "long" if "long" in row.file.lower() else "short",
        kind=row.text("type"),
        metadata={"type": row.text("type"), "number": number, "checks": checks},
    )


BENCHMARK = Benchmark(
    name="longgenbench",
    title="LongGenBench",
    paper="Wu et al. 2024, arXiv 2409.02076",
    licence="not stated",
    source="github.com/mozhu621/LongGenBench (Dataset)",
    files=("**/Dataset_short.json", "**/Dataset_long.json"),
    tasks={
        name: Task(
            name,
            instruction="Write all blocks, each beginning with #*#.",
            max_tokens=max_tokens,
            template="{context}",
            metric="longgenbench",
            average=("task",),
        )
        for name, max_tokens in (("short", 16384), ("long", 32768))
    },
    items=items,
    note="A benchmark of long outputs: the order to write is the document. Only the completion rate is computed; "
    "whether the checks are kept needs a judge (the authors: Llama-3.1-8B at temperature 0.95, over the blocks "
    "that exist). Keys are from the authors' code; not tried on the authors' files.",
)


def load_longgenbench(
    path: Path | None = None, tasks: tuple[str, ...] = (), limit: int | None = None, prompt: Prompt = "lcrag"
) -> Dataset:
    """LongGenBench (Wu et al. 2024, arXiv 2409.02076).

    Args:
        path: The folder with the authors' files.
        tasks: ``short`` (16k tokens), ``long`` (32k); empty for both.
        limit: The first so many questions of each task.
        prompt: ``official`` asks in the authors' words to the letter.

    Raises:
        LcragError: something is wrong; the message names the file and the record.
    """
    return load(BENCHMARK, path, tasks, limit, prompt)
