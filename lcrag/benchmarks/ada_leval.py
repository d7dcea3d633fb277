"""Ada-LEval: the best of many answers to a question, and four parts of a book in order, at several lengths."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

from lcrag.benchmarks.base import Benchmark, Item, Prompt
from lcrag.benchmarks.load import load
from lcrag.benchmarks.rows import Row
from lcrag.datasets.base import Dataset
from lcrag.schema import Span, Task

_BEST = """
You are an AI assistant. Your job is to find out the most helpful answer to a given question.
Each time, you will be provided with a question and n answers to this question.
Each answer begins with an 'A' and a number(e.g. A4), which represents its designation.
You need to determine which answer is the most helpful one to the question.
The case sample is shown below and you should give me the answer in the format exactly the same as the sample.\x20

However, you should NOT focus on the content of sample answer.\x20

Sample Input (format only):\x20

The question is given below.
XXX(The content of question)
Possible answers are given below.
A1:
XXX(The content of answer 1)
A2:
XXX(The content of answer 2)
.
.
.
An:
XXX(The content of answer n)
Now the answers are over, please decide which answer is the most helpful one to the question.\x20
You must give me only the designation of the MOST helpful answer.
Sample Output (format only):\x20

Answer: The designation of the most helpful answer.(e.g. A4 means answer 4 is the most helpful answer)\x20


The question is given below.
{question}

Possible answers are given below.
{context}
Now the answers are over, please decide which answer is the most helpful one to the question.\x20
You must give me only the designation of the MOST helpful answer.
"""
STACKSELECT = Task(
    "stackselect",
    instruction="The text has several answers to the question, each with its designation. Give only the "
    "designation of the most helpful answer, such as A4.",
    template=_BEST,
    metric="ada_leval",
    average=("setting",),
)
TEXTSORT = Task(
    "textsort",
    instruction="Answer with the order as a list, such as [4, 1, 3, 2].",
    template="{context}",
    metric="ada_leval",
    average=("setting",),
)


def items(row: Row) -> Iterator[Item]:
    """A question with its answers, or a prompt with the parts of a book."""
    setting = row.file.rpartition("_")[2]
    if "prompt" in row:
        order = json.loads(row["answer"]) if isinstance(row["answer"], str) else row["answer"]
        if not isinstance(order, list):
            raise row.wrong("answer", "a list of the parts in order, such as [4, 1, 3, 2]")
        yield Item(
            "What is the correct order of the four parts?",
            row.text("prompt"),
            "textsort",
            (json.dumps(order),),
            metadata={"setting": setting},
        )
        return
    blocks = [f"A{i}:\n\n{text}\n\n" for i, text in enumerate(row.texts("all_answers"), 1)]
    gold = row.text("answer")
    if gold not in [f"A{i}" for i in range(1, len(blocks) + 1)]:
        raise row.wrong("answer", "the designation of one of the answers, such as A4")
    number = int(gold[1:])
    start, block = sum(map(len, blocks[: number - 1])), blocks[number - 1]
    yield Item(
        row.text("question"),
        "".join(blocks),
        "stackselect",
        (gold,),
        spans=(Span("", start, start + len(block), block),),
        metadata={"setting": setting, "choices": len(blocks)},
    )


BENCHMARK = Benchmark(
    name="ada_leval",
    title="Ada-LEval",
    paper="Wang et al. 2024, arXiv 2404.06480",
    licence="not stated",
    source="github.com/open-compass/Ada-LEval (fetch_data.sh)",
    files=("**/stackselect_*.json", "**/textsort_*.json"),
    tasks={task.name: task for task in (STACKSELECT, TEXTSORT)},
    items=items,
    note="The authors take the first 1,000 questions of a setting, 200 from 32k on (200 and 50 with `mode=less`): "
    "read a file with `limit` for that. Scores are by setting, the length in the file's name. textsort's files hold "
    "whole prompts, which are the document here. The format is from the authors' code; not tried on their files.",
)


def load_ada_leval(
    path: Path | None = None, tasks: tuple[str, ...] = (), limit: int | None = None, prompt: Prompt = "lcrag"
) -> Dataset:
    """Ada-LEval (Wang et al. 2024, arXiv 2404.06480): ``stackselect`` (BestAnswer) and ``textsort`` (TSort).

    Args:
        path: The folder with the authors' files.
        tasks: ``stackselect``, ``textsort``; empty for both.
        limit: The first so many questions of each task.
        prompt: ``official`` asks in the authors' words to the letter.

    Raises:
        LcragError: something is wrong; the message names the file and the record.
    """
    return load(BENCHMARK, path, tasks, limit, prompt)
