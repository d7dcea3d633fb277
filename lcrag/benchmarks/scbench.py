"""SCBench: several questions on one long context, as turns of one talk or as requests of their own."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Literal

from lcrag.benchmarks.base import Benchmark, Item, Prompt
from lcrag.benchmarks.load import load
from lcrag.benchmarks.rows import Row
from lcrag.datasets.base import Dataset
from lcrag.errors import LcragError
from lcrag.schema import Task

Mode = Literal["multi_request", "multi_turn"]
LETTERS = "ABCD"


@dataclass(frozen=True)
class Form:
    """How a task of SCBench asks.

    Attributes:
        max_tokens: Of an answer.
        head: What stands before the context.
        begin: What stands before a question.
        end: What stands after it.
        instruction: What is asked for, where the question does not say it.
    """

    max_tokens: int
    head: str = ""
    begin: str = ""
    end: str = ""
    instruction: str = "Give the answer alone."


_VALUE = "Extract the value corresponding to the specified key in the JSON object below.\n\n"
_BOOK = "Read the book and answer the question. "
FORMS = {
    "kv": Form(150, _VALUE, instruction="Extract the value corresponding to the specified key."),
    "prefix_suffix": Form(150),
    "vt": Form(30),
    "repoqa": Form(
        1024,
        "Based on the function description and code context, please retrieve and repeat the exact described function "
        "from the code context in a code block wrapped by ```:\n\n",
        instruction="Repeat the exact described function in a code block wrapped by ```.",
    ),
    "qa_eng": Form(
        40,
        f"{_BOOK}Be very concise in your answer.\n\n",
        "Question: ",
        "\nAnswer:",
        "Be very concise in your answer.",
    ),
    "qa_chn": Form(40, "阅读以下书籍然后回答问题。\n\n", "问题：", "\n答案："),  # noqa: RUF001
    "choice_eng": Form(
        40, f"{_BOOK.strip()}\n\n", "Question: ", "\n\nThe the correct answer is", "Give the letter alone."
    ),
    "many_shot": Form(10),
    "mf": Form(5),
    "summary": Form(200, instruction="Summarise what is asked for."),
    "summary_with_needles_summary": Form(800, instruction="Summarise what is asked for."),
    "summary_with_needles_passkey": Form(15),
    "repoqa_and_kv_repoqa": Form(1024, instruction="Repeat the exact described function in a code block."),
    "repoqa_and_kv_kv": Form(80),
}
SETS = {  # of several tasks, by the last part of a task's name
    "summary_with_needles": ("summary", "passkey"),
    "repoqa_and_kv": ("repoqa", "kv"),
}


def _template(form: Form, mode: Mode) -> str:
    """In requests the authors put nothing between context and question."""
    between = "\n\n" if mode == "multi_turn" else ""
    choices = "\n{choices}" if form is FORMS["choice_eng"] else ""
    return f"{form.head}{{context}}{between}{form.begin}{{question}}{choices}{form.end}"


def _tasks(mode: Mode) -> dict[str, Task]:
    return {
        name: Task(
            name,
            instruction=form.instruction,
            max_tokens=form.max_tokens,
            template=_template(form, mode),
            metric="scbench",
            average=("set", "task", "turn"),
        )
        for name, form in FORMS.items()
    }


def items(row: Row, mode: Mode = "multi_request") -> Iterator[Item]:
    """The questions on one context."""
    parts = (row.file, *reversed(row.path.parts[:-1]))
    name = next((p.removeprefix("scbench_") for p in parts if p.startswith("scbench_")), "")
    if name not in {*FORMS, *SETS}:
        raise row.wrong("multi_turns", "in a file or folder named after its task, as scbench_kv.jsonl is")
    context = row.values.get("context", row.values.get("input"))
    text = str(context) if isinstance(context, list) else row.text("context" if "context" in row else "input")
    turns = row.rows("multi_turns")
    history = ""
    for number, turn in enumerate(turns, 1):
        part = turn.text("task", "").removeprefix("scbench_")
        task = f"{name}_{part}" if name in SETS else name
        if task not in FORMS:
            raise turn.wrong("task", f"scbench_{' or scbench_'.join(SETS[name])}")
        form = FORMS[task]
        asked = turn.text("input")
        choices = turn.texts("options")
        yield Item(
            history + asked,
            text,
            task,
            _golds(turn, task, choices),
            choices=choices,
            metadata={"set": name, "turn": number, **_functions(row, turns, turn, task)},
            template=_own_template(task, mode, asked, turns[0].text("input"), number),
        )
        if mode == "multi_turn":
            listed = "".join(f"\n{letter}. {c}" for letter, c in zip(LETTERS, choices, strict=False))
            answer = turn["answer"]
            history += f"{asked}{listed}{_end(task, number)}{answer}\n\n{form.begin}{_target(task, asked)}"


def _golds(turn: Row, task: str, choices: tuple[str, ...]) -> tuple[str, ...]:
    golds = turn.texts("answer")
    if task != "choice_eng":
        return golds
    if golds[0] not in choices[: len(LETTERS)]:
        raise turn.wrong("answer", "one of the options")
    return golds[0], LETTERS[choices.index(golds[0])]


def _functions(row: Row, turns: list[Row], turn: Row, task: str) -> dict[str, object]:
    """What the scorer of ``repoqa`` needs: all functions that are asked for, and which one is."""
    if not task.endswith("repoqa"):
        return {}
    needles = [{"name": t.text("name"), "function": t.text("answer")} for t in turns if "name" in t]
    return {"function": turn.text("name"), "needles": needles, "lang": row.text("lang", "")}


def _end(task: str, number: int) -> str:
    """Later questions of ``choice_eng`` end in other words."""
    later = task == "choice_eng" and number > 1
    return "\n\nThe letter of the correct answer is" if later else FORMS[task].end


def _target(task: str, asked: str) -> str:
    """``mf`` says what it asks for in a question of its own."""
    match = re.search(r"The .+ is", asked) if task == "mf" else None
    return f"What is {match[0].lower()[:-3]}?\n\n" if match else ""


def _own_template(task: str, mode: Mode, asked: str, first: str, number: int) -> str:
    if task == "mf":
        target = _target(task, asked)
        if mode == "multi_turn":
            return f"{_target(task, first)}{{context}}\n\n{{question}}"
        return f"{first}\n\n{{context}}{target}{{question}}"
    if task == "choice_eng" and mode == "multi_turn" and number > 1:
        return _template(FORMS[task], mode).replace(FORMS[task].end, _end(task, number))
    return ""


BENCHMARK = Benchmark(
    name="scbench",
    title="SCBench",
    paper="Li et al. 2024, arXiv 2412.10319",
    licence="MIT",
    source="Hugging Face: microsoft/SCBench",
    files=("**/scbench_*.jsonl", "**/scbench_*/*.parquet", "**/scbench_*.parquet"),
    tasks=_tasks("multi_request"),
    items=items,
    note="Scores are averaged by turn, so that the first question on a context stands apart from the later ones. The "
    "prompts are those without a chat template. Prompts, scorers and keys are from the authors' code; not tried on the "
    "authors' files.",
)


def load_scbench(
    path: Path | None = None,
    tasks: tuple[str, ...] = (),
    limit: int | None = None,
    prompt: Prompt = "lcrag",
    mode: Mode = "multi_request",
) -> Dataset:
    """SCBench (Li et al. 2024, arXiv 2412.10319): 12 sets of questions that share a context.

    Args:
        path: The folder with the authors' files.
        tasks: Such as ``kv``, ``qa_eng``, ``repoqa_and_kv_kv``; empty for all.
        limit: The first so many questions of each task.
        prompt: ``official`` asks in the authors' words to the letter.
        mode: ``multi_request`` asks each question on the context by itself; ``multi_turn`` puts the earlier questions
            with their gold answers before it.

    Raises:
        LcragError: something is wrong; the message names the file and the record.
    """
    if mode not in ("multi_request", "multi_turn"):
        raise LcragError(f"SCBench has no mode {mode!r}: it is multi_request or multi_turn.")
    benchmark = replace(BENCHMARK, tasks=_tasks(mode), items=partial(items, mode=mode))
    return load(benchmark, path, tasks, limit, prompt)
