"""CNNSum: summaries of parts of Chinese novels at four lengths."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from lcrag.benchmarks.base import Benchmark, Item, Prompt
from lcrag.benchmarks.load import load
from lcrag.benchmarks.rows import Row
from lcrag.datasets.base import Dataset
from lcrag.schema import Task

SIZES = {"l_16k": "16k", "xl_32k": "32k", "xxl_64k": "64k", "xxxl_128k": "128k"}


def items(row: Row) -> Iterator[Item]:
    """A part of a novel with its summary."""
    size = next((size for name, size in SIZES.items() if row.file.lower().endswith(f"_{name}")), "")
    if not size:
        raise row.wrong("context", "in a file named after its length, such as cnnsum_L_16k.jsonl")
    yield Item(
        "请写出相应的摘要。",
        row.text("context"),
        "summary",
        row.texts("summary"),
        metadata={"length": size},
    )


BENCHMARK = Benchmark(
    name="cnnsum",
    title="CNNSum",
    paper="Wei et al. 2024, arXiv 2412.02819",
    licence="see the repository",
    source="github.com/CxsGhost/CNNSum (data)",
    files=("**/cnnsum_*.jsonl",),
    tasks={
        "summary": Task(
            "summary",
            instruction="请你阅读以上内容后写出相应的摘要，不要输出其他任何内容。",  # noqa: RUF001
            template="下面是一个小说节选，内容如下：\n\n{context}\n\n请你阅读以上内容后写出相应的摘要，不要输出其他任何内容。\n\n"  # noqa: RUF001
            "摘要：",  # noqa: RUF001
            metric="rouge_l_characters",
            average=("length",),
        )
    },
    items=items,
    note="The official prompt is the authors' Prompt-IE, which asks after the text. Their scorer is not in their "
    "repository: ROUGE-L over characters is ours. Keys and prompt are from the authors' repository; not tried on the "
    "authors' files.",
)


def load_cnnsum(
    path: Path | None = None, tasks: tuple[str, ...] = (), limit: int | None = None, prompt: Prompt = "lcrag"
) -> Dataset:
    """CNNSum (Wei et al. 2024, arXiv 2412.02819).

    Args:
        path: The folder with the authors' files.
        tasks: ``summary``; empty for the same.
        limit: The first so many questions.
        prompt: ``official`` asks in the authors' words to the letter.

    Raises:
        LcragError: something is wrong; the message names the file and the record.
    """
    return load(BENCHMARK, path, tasks, limit, prompt)
