"""NeedleBench: one needle, several, and some to be reasoned over, in prompts that OpenCompass has made."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from lcrag.benchmarks.base import Benchmark, Item, Prompt
from lcrag.benchmarks.load import load
from lcrag.benchmarks.rows import Row
from lcrag.datasets.base import Dataset
from lcrag.schema import Task

FRAMES = (  # what stands before the document, and before the question
    ("The document given to you by the user is ", "Now, the question is: "),
    ("The document given to you by the user is ", "Now, the questions are: "),
    ("用户现在给你的文档是", "现在请问："),  # noqa: RUF001
)
TASKS = ("single_retrieval", "multi_retrieval", "multi_reasoning")


def items(row: Row) -> Iterator[Item]:
    """A prompt, taken apart, with its keywords."""
    prompt, gold = row.text("prompt"), row.text("answer")
    for before_text, before_question in FRAMES:
        head, found, rest = prompt.partition(before_text)
        text, asked, question = rest.rpartition(before_question)
        if found and asked:
            break
    else:
        raise row.wrong("prompt", "a prompt of NeedleBench with the question after the document")
    keywords, several, depths = gold.partition("#")
    needle, star, keyword = keywords.partition("*")
    if not star and not several:
        raise row.wrong("answer", "needle*keyword, or keyword*keyword#depth*depth")
    task = "multi_retrieval" if several else "multi_reasoning" if needle == keyword else "single_retrieval"
    single = task == "single_retrieval"
    yield Item(
        question,
        text.rstrip(),
        task,
        tuple(keywords.split("*")) if several else (keyword,),
        quotes=(needle,) if single else (),
        metadata={"needle": needle.strip()} if single else {"depths": depths.split("*")} if several else {},
        template=f"{head}{found}{{context}}{text[len(text.rstrip()) :]}{asked}{{question}}",
    )


BENCHMARK = Benchmark(
    name="needlebench",
    title="NeedleBench",
    paper="Li et al. 2024, arXiv 2407.11963",
    licence="Apache-2.0; the texts' own licences",
    source="github.com/open-compass/opencompass (opencompass/datasets/needlebench), saved as records",
    files=("**/*.jsonl", "**/*.json", "**/*.parquet"),
    tasks={
        name: Task(
            name,
            instruction="Keep your answer concise and clear, in the format that the question asks for.",
            template="{context}\n\n{question}",
            metric="needlebench",
            average=("task",),
        )
        for name in TASKS
    },
    items=items,
    note="OpenCompass makes the prompts when it runs: save its data set as records with `prompt` and `answer`. The "
    "task is told by the form of `answer`. Each prompt keeps its own words. The authors weight the tasks in their "
    "overall score; here it is the mean of the tasks. The format is from the authors' code; not tried on their files.",
)


def load_needlebench(
    path: Path | None = None, tasks: tuple[str, ...] = (), limit: int | None = None, prompt: Prompt = "lcrag"
) -> Dataset:
    """NeedleBench (Li et al. 2024, arXiv 2407.11963), from the records that OpenCompass has made.

    Args:
        path: The folder with the records.
        tasks: ``single_retrieval``, ``multi_retrieval``, ``multi_reasoning``; empty for all.
        limit: The first so many questions of each task.
        prompt: ``official`` asks in the authors' words to the letter.

    Raises:
        LcragError: something is wrong; the message names the file and the record.
    """
    return load(BENCHMARK, path, tasks, limit, prompt)
