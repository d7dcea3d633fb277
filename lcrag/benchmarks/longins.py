"""LongIns: many questions with their answers; which answers are wrong?"""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

from lcrag.benchmarks.base import Benchmark, Item, Prompt
from lcrag.benchmarks.load import load
from lcrag.benchmarks.rows import Row
from lcrag.datasets.base import Dataset
from lcrag.schema import Task

_TEACHER = "You are an excellent grading teacher, and you will be given many completed questions."
_WRONG = (
    "Please identify all the questions that have been answered incorrectly according to the requirements."
)
_NUMBERS = (
    "You are requested to identify which answer(s) are incorrect and to directly provide the question number(s) "
    "of the incorrect answer(s) enclosed in brackets."
)
_ONLY = (
    "Please note, I need the numbers of the questions that are incorrect, do not provide the numbers of the questions "
    "with correct answers. Additionally, ensure to output the question numbers in the specified standard "
    "format.Answer:"
)
_GIST_BREAK, _LIST_BREAK = (
    "\n" + " " * 36,
    "\n" + " " * 24,
)  # the indentation of the authors' code is in their prompt
_GIST_HEAD = f"{_TEACHER} The requirements for these questions are as follows:{_GIST_BREAK}"
_GIST_TAIL = (
    f"{_GIST_BREAK}The above text contains a description of the task for this group, as well as many question-answer "
    f"pairs. Each enclosed in brackets. {_NUMBERS} {_ONLY}"
)
_LIST = (
    f"{_TEACHER} {_WRONG}{_LIST_BREAK}{{context}}{_LIST_BREAK}Each group [] contains the command, input, and "
    f"output for the task. {_NUMBERS}Return the selected number in list format. {_ONLY}"
)
_ASKED = "Which questions are answered incorrectly?"


def items(row: Row) -> Iterator[Item]:
    """The exams of one file, which are one object by their ids."""
    task = next((t for t in ("gist", "list") if t in [p.lower() for p in row.path.parts]), "")
    if not task:
        raise row.wrong("Data", "in a folder named GIST or LIST")
    for id in row.values:
        exam = row.row(id)
        data = exam["Data"]
        errors = exam["error"]
        if not isinstance(errors, list) or not all(isinstance(n, int) for n in errors):
            raise exam.wrong("error", "a list of the wrong questions' numbers")
        asked = exam.text("task_prompt") if task == "gist" else ""
        yield Item(
            f"{asked}\n{_ASKED}" if asked else _ASKED,
            data if isinstance(data, str) else str(data),
            task,
            (json.dumps(errors),),
            id=f"{row.file}-{id}",
            metadata={"length": row.file},
            template=f"{_GIST_HEAD}{asked}{_GIST_BREAK}{_WRONG}{_GIST_BREAK}{{context}}{_GIST_TAIL}"
            if asked
            else "",
        )


BENCHMARK = Benchmark(
    name="longins",
    title="LongIns",
    paper="Gavin et al. 2024, arXiv 2406.17588",
    licence="not stated",
    source="github.com/Ins-Bench/LongIns-Bench (data)",
    files=("**/GIST/*.json", "**/LIST/*.json"),
    tasks={
        name: Task(
            name,
            instruction="Give the numbers of the questions with incorrect answers as a list in brackets, such as "
            "[3, 7].",
            template=_LIST if name == "list" else "",
            metric="longins",
            average=("task", "length"),
        )
        for name in ("gist", "list")
    },
    items=items,
    note="Scores are by length, the file's name. Parts of a file (`1024.json_part_3`) must be joined first. Keys, "
    "prompts and scorer are from the authors' code; not tried on the authors' files.",
)


def load_longins(
    path: Path | None = None, tasks: tuple[str, ...] = (), limit: int | None = None, prompt: Prompt = "lcrag"
) -> Dataset:
    """LongIns (Gavin et al. 2024, arXiv 2406.17588).

    Args:
        path: The folder with the authors' folders ``GIST`` and ``LIST``.
        tasks: ``gist`` (one instruction for all questions), ``list`` (each has its own); empty for both.
        limit: The first so many questions of each task.
        prompt: ``official`` asks in the authors' words to the letter.

    Raises:
        LcragError: something is wrong; the message names the file and the record.
    """
    return load(BENCHMARK, path, tasks, limit, prompt)
