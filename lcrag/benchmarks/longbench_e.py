"""LongBench-E: the English and code tasks of LongBench with as many texts below 4,000, below 8,000 and above."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

from lcrag.benchmarks.base import Item, Prompt
from lcrag.benchmarks.load import load
from lcrag.benchmarks.longbench import BENCHMARK as LONGBENCH
from lcrag.benchmarks.longbench import items as longbench_items
from lcrag.benchmarks.rows import Row
from lcrag.datasets.base import Dataset

BUCKETS = {"0-4k": 4000, "4-8k": 8000}  # the words below which a record belongs here
COUNTS = {
    "qasper": 224,
    "multifieldqa_en": 150,
    "hotpotqa": 300,
    "2wikimqa": 300,
    "gov_report": 300,
    "multi_news": 294,
    "trec": 300,
    "triviaqa": 300,
    "samsum": 300,
    "passage_count": 300,
    "passage_retrieval_en": 300,
    "lcc": 300,
    "repobench-p": 300,
}


def items(row: Row) -> Iterator[Item]:
    """One question of LongBench with the bucket of its length."""
    length = row.integer("length")
    bucket = next((name for name, bound in BUCKETS.items() if length < bound), "8k+")
    for item in longbench_items(row):
        yield replace(item, metadata={**item.metadata, "bucket": bucket})


BENCHMARK = replace(
    LONGBENCH,
    name="longbench_e",
    title="LongBench-E",
    files=("**/*_e.jsonl",),
    tasks={name: replace(LONGBENCH.tasks[name], average=("bucket", "category", "task")) for name in COUNTS},
    items=items,
    counts=COUNTS,
)


def load_longbench_e(
    path: Path | None = None, tasks: tuple[str, ...] = (), limit: int | None = None, prompt: Prompt = "lcrag"
) -> Dataset:
    """LongBench-E (Bai et al. 2023, arXiv 2308.14508), 13 tasks, averaged by length.

    Args:
        path: The folder with the authors' files.
        tasks: Such as ``hotpotqa``; empty for all.
        limit: The first so many questions of each task.
        prompt: ``official`` asks in the authors' words to the letter.

    Raises:
        LcragError: something is wrong; the message names the file and the record.
    """
    return load(BENCHMARK, path, tasks, limit, prompt)
