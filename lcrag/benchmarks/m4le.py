"""M4LE: 36 tasks, made long from short ones, in English and Chinese, at nine lengths."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from lcrag.benchmarks.base import Benchmark, Item, Prompt
from lcrag.benchmarks.load import load
from lcrag.benchmarks.rows import Row
from lcrag.datasets.base import Dataset
from lcrag.schema import Task

TASKS = (
    "arxiv",
    "bigpatent_global_cls",
    "bigpatent_global_sum",
    "booksum",
    "c3",
    "cepsum",
    "clts+",
    "cnewsum",
    "cnnnews",
    "drcd_explicit-single",
    "drcd_semantic-single",
    "duorc",
    "dureader",
    "hotpotqa",
    "lcsts",
    "marc",
    "mnds-news_explicit-single",
    "mnds-news_explicit-multiple",
    "mnds-news_semantic-multiple",
    "ncls",
    "news-commentary-en2zh",
    "news-commentary-zh2en",
    "news2016",
    "newsqa",
    "nq-open",
    "online-shopping",
    "open-subtitles-en2zh",
    "open-subtitles-zh2en",
    "pubmed",
    "tedtalks-en2zh",
    "tedtalks-zh2en",
    "thucnews_explicit-single",
    "thucnews_explicit-multiple",
    "thucnews_semantic-multiple",
    "triviaqa",
    "wiki2019zh",
    "wikihow",
    "wikitext-103",
    "wow",
)
_ENDINGS = ("_cls+ret", "_cls+cnt", "_ret", "_qa")  # that some of the files have


def items(row: Row) -> Iterator[Item]:
    """An instruction with its text, in which the question stands, too."""
    names = (row.path.name.removesuffix(".gz").removesuffix(".jsonl"), *reversed(row.path.parts[:-1]))
    task = next((t for t in map(_plain, names) if t in TASKS), "")
    if not task:
        raise row.wrong("instruction", "in a file or folder named after its task, such as nq-open.jsonl")
    yield Item(
        row.text("instruction"),
        row.text("input"),
        task,
        row.texts("answers"),
        metadata={"length_bucket": row.integer("length_bucket", 0)},
    )


def _plain(name: str) -> str:
    """The task's name without the ending that evaluation.py gives it."""
    for ending in _ENDINGS:
        name = name.removesuffix(ending)
    return name


BENCHMARK = Benchmark(
    name="m4le",
    title="M4LE",
    paper="Kwan et al. 2023, arXiv 2310.19240",
    licence="of the repository MIT; the texts' own licences",
    source="Hugging Face: wckwan/M4LE",
    files=("**/*.jsonl", "**/*.parquet"),
    tasks={
        name: Task(
            name,
            instruction="Answer in the form of the example in the text.",
            template="{question}\n{context}",
            metric="m4le",
            average=("length_bucket", "task"),
        )
        for name in TASKS
    },
    items=items,
    note="The text holds an example and the question itself: a retriever sees the instruction alone. The authors "
    "divide each task's score by that of GPT-3.5-16k at 1k words; here it is not divided. Keys, prompt and rules "
    "are from the authors' code; not tried on the authors' files.",
)


def load_m4le(
    path: Path | None = None, tasks: tuple[str, ...] = (), limit: int | None = None, prompt: Prompt = "lcrag"
) -> Dataset:
    """M4LE (Kwan et al. 2023, arXiv 2310.19240).

    Args:
        path: The folder with the authors' files.
        tasks: Such as ``nq-open``; empty for all.
        limit: The first so many questions of each task.
        prompt: ``official`` asks in the authors' words to the letter.

    Raises:
        LcragError: something is wrong; the message names the file and the record.
    """
    return load(BENCHMARK, path, tasks, limit, prompt)
