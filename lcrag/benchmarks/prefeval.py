"""PrefEval: whether an assistant follows a preference that the user stated long before."""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import replace
from functools import lru_cache, partial
from pathlib import Path

from lcrag.benchmarks.base import Benchmark, Item, Prompt
from lcrag.benchmarks.load import load
from lcrag.benchmarks.records import rows_of, stamp
from lcrag.benchmarks.rows import Row
from lcrag.datasets.base import Dataset
from lcrag.errors import LcragError
from lcrag.schema import Span, Task

FOLDERS = {
    "explicit_preference": "explicit", "choice-based": "implicit_choice", "persona-driven": "implicit_persona",
    "mcq_options": "mcq",
}  # fmt: skip
FILLER = "filtered_inter_turns.json"
TURNS = 10  # exchanges between the preference and the question
MCQ = """

Here are four options:
{choices}

Pick the one that suits my preferences best. Answer with its letter alone, in this form: <choice>B</choice>"""


def _task(name: str) -> Task:
    if name == "mcq":
        return Task(
            name,
            instruction="Pick the option that suits my preferences best. Answer with its letter alone, in this form: "
            "<choice>B</choice>",
            max_tokens=10,
            template=f"{{context}}\nuser: {{question}}{MCQ}",
            cleaning=("choice_tag",),
            metric="choice",
        )
    return Task(
        name,
        instruction="Answer as the assistant whom the user has told about their preferences.",
        max_tokens=300,
        template="{context}\nuser: {question}\nassistant:",
    )


def items(row: Row, turns: int = TURNS) -> Iterator[Item]:
    """A question after the preference and other exchanges."""
    task = FOLDERS.get(row.path.parent.name)
    if task is None:
        raise LcragError(f"{row.where}: PrefEval's files lie in folders named {', '.join(FOLDERS)}.")
    opening = _opening(row, task)
    options = row.texts("classification_task_options")
    choices = tuple(random.Random(f"{row.file} {row.number}").sample(options, len(options)))
    if task == "mcq" and len(choices) < 2:
        raise row.wrong("classification_task_options", "a list of options, the right one first")
    metadata = {"topic": row.file, "preference": row.text("preference"), "turns": turns}
    yield Item(
        row.text("question"),
        f"{opening}\n{_filler(row, turns)}",
        task,
        options[:1] if task == "mcq" else (),
        id=f"{row.file}-{row.number}",
        kind=row.file,
        choices=choices if task == "mcq" else (),
        spans=(Span("", 0, len(opening), opening),),
        metadata=metadata | {"explanation": row.text("explanation", "")},
    )


def _opening(row: Row, task: str) -> str:
    """The part of the chat in which the user states the preference or lets it be seen."""
    if task in ("explicit", "mcq"):
        return f"user: {row.text('preference')}"
    talk = row.row("conversation")
    if task == "implicit_choice":
        lines = (("user", "query"), ("assistant", "assistant_options"), ("user", "user_selection"),
                 ("assistant", "assistant_acknowledgment"))  # fmt: skip
        return "\n".join(f"{role}: {talk.text(key)}" for role, key in lines)
    numbers = sorted((k for k in talk.values if str(k).isdecimal()), key=int)
    turns = [talk.row(k) for k in numbers if talk.values[k] is not None]
    return "\n".join(f"{role}: {turn.text(role)}" for turn in turns for role in ("user", "assistant"))


def _filler(row: Row, turns: int) -> str:
    """The first exchanges of the authors' filler, which are the same before every question."""
    if not turns:
        return ""
    for folder in row.path.parents[1:4]:
        file = folder / FILLER
        if file.is_file():
            lines = _messages(file, stamp(file))
            if len(lines) < 2 * turns:
                raise LcragError(
                    f"{file} has {len(lines) // 2} exchanges, {turns} are wanted: lower `turns`."
                )
            return "\n".join(lines[: 2 * turns])
    raise LcragError(f"{row.where}: {FILLER} is not in the folder above; get it, or set `turns: 0`.")


@lru_cache(maxsize=1)
def _messages(file: Path, _: tuple[int, int]) -> list[str]:
    talks = (turn for row in rows_of(file) for turn in row.rows("conversation"))
    return [f"{turn.text('role')}: {turn.text('content')}" for turn in talks]


BENCHMARK = Benchmark(
    name="prefeval",
    title="PrefEval",
    paper="Zhao et al. 2025, arXiv 2502.09597",
    licence="CC BY-NC 4.0",
    source="github.com/amazon-science/PrefEval (benchmark_dataset)",
    files=tuple(
        f"{prefix}{name}/*.json" for prefix in ("benchmark_dataset/", "")
        for name in ("explicit_preference", "implicit_preference/choice-based", "implicit_preference/persona-driven",
                     "mcq_options")
    ),
    tasks={name: _task(name) for name in FOLDERS.values()},
    items=items,
    counts={"explicit": 1000, "implicit_choice": 1000, "implicit_persona": 1000, "mcq": 1000},
    note="Only `mcq` is scored without a judge; the authors judge the others by four questions to a model "
    "(acknowledged, violated, invented, helpful), which lcrag does not have, so that these have no score. A chat "
    "is one document: the preference, then the authors' filler; the assistant's reply to the preference is left "
    "out, since the authors let the model under test write it. The options stand in an order that is fixed; a file "
    "`travel_hotel copy.json` of the authors is a stray copy: remove it. The prompts are in lcrag's words (the "
    "authors' are under CC BY-NC); the format is from memory and from ports of the authors' script.",
)  # fmt: skip


def load_prefeval(
    path: Path | None = None,
    tasks: tuple[str, ...] = ("mcq",),
    limit: int | None = None,
    prompt: Prompt = "lcrag",
    turns: int = TURNS,
) -> Dataset:
    """PrefEval (Zhao et al. 2025, arXiv 2502.09597): following preferences in long chats.

    Args:
        path: The folder of the authors' repository, or ``benchmark_dataset``.
        tasks: ``explicit``, ``implicit_choice``, ``implicit_persona``, ``mcq``; empty for all.
        limit: The first so many questions of each task.
        prompt: ``official`` puts the chat first, then the question.
        turns: Exchanges between the preference and the question; the authors take up to 300.

    Raises:
        LcragError: something is wrong; the message names the file and the record.
    """
    if turns < 0:
        raise LcragError(f"prefeval: turns must be at least 0, not {turns}.")
    benchmark = replace(BENCHMARK, items=partial(items, turns=turns))
    return load(benchmark, path, tasks, limit, prompt)
