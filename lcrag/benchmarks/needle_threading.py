"""Needle Threading: keys, values and threads of both through a JSON object of identifiers."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

from lcrag.benchmarks.base import Benchmark, Item, Prompt
from lcrag.benchmarks.load import load
from lcrag.benchmarks.rows import Row
from lcrag.datasets.base import Dataset
from lcrag.schema import Span, Task

TASKS = ("single_needle", "multi_needle", "conditional_needle", "single_thread", "multi_thread")
_UUID = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")
KNOWN = (
    "context_length",
    "num_needles",
    "needle_placement",
    "thread_length",
    "thread_direction",
    "num_threads",
)


def items(row: Row) -> Iterator[Item]:
    """A question on the object of its record."""
    name = next((p for p in (row.file, *reversed(row.path.parts[:-1])) if "_" in p), row.file).lower()
    name = name.replace("multiple_", "multi_")
    task = next((task for task in TASKS if name.startswith(task)), "")
    if not task:
        raise row.wrong("question", f"in a file named after its task ({', '.join(TASKS)})")
    haystack, values = row.text("haystack"), " ".join(row.texts("values"))
    answers = tuple(_UUID.findall(values)) or row.texts("values")
    keys = _UUID.findall(" ".join(row.texts("keys")))
    yield Item(
        row.text("question"),
        haystack,
        task,
        answers,
        spans=tuple(_pairs(haystack, keys)) if task in TASKS[:3] else (),
        metadata={key: row.values[key] for key in KNOWN if key in row},
    )


def _pairs(haystack: str, keys: list[str]) -> Iterator[Span]:
    for key in keys:
        match = re.search(rf'"{key}": "[^"]*"', haystack)
        if match:
            yield Span("", *match.span(), match[0])


BENCHMARK = Benchmark(
    name="needle_threading",
    title="Needle Threading",
    paper="Roberts et al. 2024, arXiv 2411.05000",
    licence="see the data card",
    source="Hugging Face: jonathan-roberts1/needle-threading",
    files=("**/*Needle*.json", "**/*Thread*.json", "**/*Needle*.parquet", "**/*Thread*.parquet"),
    tasks={
        name: Task(
            name,
            instruction="Give the value alone." if name.startswith("single") else "Give the values alone.",
            max_tokens=100,
            template="{context}\n{question}",
            metric="needle_threading",
            average=("task", "context_length"),
        )
        for name in TASKS
    },
    items=items,
    note="`context_length` counts characters. The authors' README asks with the object, a line break and the question; "
    "their paper has a longer prompt. The keys are from their README; not tried on the authors' files.",
)


def load_needle_threading(
    path: Path | None = None, tasks: tuple[str, ...] = (), limit: int | None = None, prompt: Prompt = "lcrag"
) -> Dataset:
    """Needle Threading (Roberts et al. 2024, arXiv 2411.05000).

    Args:
        path: The folder with the authors' files.
        tasks: ``single_needle``, ``multi_needle``, ``conditional_needle``, ``single_thread``, ``multi_thread``; empty
            for all.
        limit: The first so many questions of each task.
        prompt: ``official`` asks in the words of the authors' README.

    Raises:
        LcragError: something is wrong; the message names the file and the record.
    """
    return load(BENCHMARK, path, tasks, limit, prompt)
