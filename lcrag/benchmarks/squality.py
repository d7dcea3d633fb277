"""SQuALITY: summaries that answer a question on a short story, with four references each."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from lcrag.benchmarks.base import Benchmark, Item, Prompt
from lcrag.benchmarks.load import load
from lcrag.benchmarks.rows import Row
from lcrag.datasets.base import Dataset
from lcrag.errors import LcragError
from lcrag.schema import Task

COUNTS = {"train": 250, "dev": 125, "test": 260}
INSTRUCTION = "Answer the question in a paragraph."


def _task(split: str) -> Task:
    return Task(
        split,
        instruction=INSTRUCTION,
        max_tokens=512,
        template=f"You are given a story and a question. {INSTRUCTION}\n\nStory:\n{{context}}\n\nQuestion:\n"
        "{question}\n\nAnswer:\n",
        metric="rouge",
    )


def items(row: Row) -> Iterator[Item]:
    """The questions on a story."""
    if row.file not in COUNTS:
        raise LcragError(f"{row.where}: SQuALITY's files are {', '.join(f'{s}.jsonl' for s in COUNTS)}.")
    story = row.row("metadata").text("passage_id")
    for question in row.rows("questions"):
        number = question.integer("question_number")
        yield Item(
            question.text("question_text"),
            row.text("document"),
            row.file,
            tuple(r.text("response_text").strip() for r in question.rows("responses")),
            id=f"{story}-{number}",
            kind="plot" if question.text("question_text").startswith("What is the plot") else "question",
            metadata={"story": story, "number": number},
        )


BENCHMARK = Benchmark(
    name="squality",
    title="SQuALITY",
    paper="Wang et al. 2022, arXiv 2205.11465",
    licence="CC BY 4.0; stories from Project Gutenberg",
    source="github.com/nyu-mll/SQuALITY (data/v1-3/txt)",
    files=("data/v1-3/txt/*.jsonl", "v1-3/txt/*.jsonl", "*.jsonl"),
    tasks={split: _task(split) for split in COUNTS},
    items=items,
    counts=COUNTS,
    status="real files",
    note="Version 1.3; scores of other versions do not compare. ROUGE-L with stemming, the best of four references; "
    "add `{type: rouge, variant: rouge1, name: rouge1}` and `rouge2` for the paper's other two, and `bert_score`. The "
    "paper has no prompt: the official one is ZeroSCROLLS' (arXiv 2305.14196) without its line on truncation, from "
    "memory.",
)


def load_squality(
    path: Path | None = None,
    tasks: tuple[str, ...] = ("test",),
    limit: int | None = None,
    prompt: Prompt = "lcrag",
) -> Dataset:
    """SQuALITY v1.3 (Wang et al. 2022, arXiv 2205.11465): questions on short stories, answered by summaries.

    Args:
        path: The folder of the authors' repository, or ``data/v1-3/txt``.
        tasks: ``train``, ``dev``, ``test``; empty for all.
        limit: The first so many questions of each task.
        prompt: ``official`` asks with ZeroSCROLLS' prompt.

    Raises:
        LcragError: something is wrong; the message names the file and the record.
    """
    return load(BENCHMARK, path, tasks, limit, prompt)
