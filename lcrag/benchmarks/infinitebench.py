# ruff: noqa: E501, RUF001 - the authors' prompts to the letter, Chinese punctuation among it
"""InfiniteBench: books, a script, code, numbers and needles of a hundred thousand tokens and more."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

from lcrag.benchmarks.base import Benchmark, Item, Prompt
from lcrag.benchmarks.load import load
from lcrag.benchmarks.rows import Row
from lcrag.datasets.base import Dataset
from lcrag.schema import Task

_FIND = "There is an important info hidden inside a lot of irrelevant text. Find it"
_QUIZ = "I will quiz you about the important information there.\n\n{context}\n\n{question}"
_LETTER = "Only one of the following options is correct, tell me the answer using one single letter (A, B, C, or D). Don't say anything else."
_NAME = "Just say the name used by the scriptwriter (before the colon marks) of one single character and nothing else."
_RUN = "Be concise. Your response must end with the final returned value."
_WHO = 'Which character is most likely "$$MASK$$"?'
_SUMMARY = "Summarize the following book."
_VALUES = "Compute the intermediate values in the following long expression."
_ERROR = "Which funtion has deliberate error?"
_FUNCTION = "Eventually, tell me the answer using one single letter (A, B, C, or D)."
_CALL = re.compile(r"func_[0-9]+\(-?[0-9]+\)")


def _task(name: str, max_tokens: int, instruction: str, template: str) -> Task:
    system = "You are a helpful assistant"
    return Task(
        name,
        instruction,
        max_tokens,
        template=template,
        system=system,
        metric="infinitebench",
        average=("task",),
    )


TASKS = [
    _task("passkey", 6, "Give the pass key.", f"{_FIND} and memorize them. {_QUIZ}"),
    _task("number_string", 12, "Give the sequence of digits.", f"{_FIND}. {_QUIZ}"),
    _task("kv_retrieval", 50, "Extract the value corresponding to the specified key in the JSON object.", "Extract the value corresponding to the specified key in the JSON object below.\n\n{context}\n\n{question}"),
    _task("longbook_sum_eng", 1200, _SUMMARY, f"{_SUMMARY}\n\n{{context}}"),
    _task("longbook_choice_eng", 40, _LETTER, f"Read the book and answer the question.\n\n{{context}}\n\nQuestion: {{question}}\n\n{_LETTER}\n{{choices}}"),
    _task("longbook_qa_eng", 40, "Be very concise.", "Read the book below and answer a question.\n\n{context}\n\nQuestion: {question}\n\nBe very concise."),
    _task("longbook_qa_chn", 40, "请尽量简短地回答。", "请根据以下书籍回答我的问题。\n\n{context}\n\n问题：{question}\n请尽量简短地回答。"),
    _task("longdialogue_qa_eng", 40, _NAME, f'Below is a dialogue script where one random occurrence of a character name is replaced with "$$MASK$$", and you should try to guess who that character is.\n\nThe dialogue:\n\n---\n\n{{context}}\n\n---\n\nEnd of dialogue.\n\n{{question}} {_NAME}'),
    _task("math_find", 16, "Answer with one number.", "{context}\n\n{question}"),
    _task("math_calc", 30000, _VALUES, f"{_VALUES}\n\n{{context}}"),
    _task("code_run", 256, _RUN, f"{{context}}\n\n{{question}} {_RUN}"),
    _task("code_debug", 1024, _FUNCTION, f"There is ONLY ONE function in the large project that is deliberately made to include an obvious error. Please find the function that contains the most obvious errors. I will give you four options to narrow your scope. You can inspect the options and think. {_FUNCTION}\n\n{{context}}\n\n{_ERROR}\n{{choices}}\n\nYou should first find the functions in the options. Repeat their content, inspect through code, and at last give me your answer for the function that has the deliberate and obvious error in A, B, C, or D."),
]  # fmt: skip
_ASKED = {
    "longbook_sum_eng": _SUMMARY,
    "math_calc": _VALUES,
    "code_debug": _ERROR,
    "longdialogue_qa_eng": _WHO,
}


def items(row: Row) -> Iterator[Item]:
    """One question; a sentence of the prompt that names what is asked before the text is the text's first."""
    task = row.file
    text = row.text("context")
    question = _ASKED.get(task) or row.text("input")
    if task == "math_find":
        target = re.search(r"The \w+ number", question)
        if target is None:
            raise row.wrong("input", 'a question with words such as "The largest number"')
        text = f"What is {target[0].lower()} in the following list?\n\n{text}"
    if task == "code_run":
        call = _CALL.search(question)
        if call is None:
            raise row.wrong("input", "a question with a call such as func_1(2)")
        name = call[0].partition("(")[0]
        text = f"Following is a set of Python functions. There is a function called named {name}.\n\n{text}"
        question = f"Please give me the exact number of the return value of {call[0]}."
    yield Item(question, text, task, _answers(row, task), row.text("id", ""), choices=row.texts("options"))


def _answers(row: Row, task: str) -> tuple[str, ...]:
    value = row["answer"]
    if task != "math_calc":
        return row.texts("answer")
    values = value[0] if isinstance(value, list) and value and isinstance(value[0], list) else value
    if not isinstance(values, list):
        raise row.wrong("answer", "a list of numbers")
    return (", ".join(map(str, values)),)


BENCHMARK = Benchmark(
    name="infinitebench",
    title="InfiniteBench",
    paper="Zhang et al. 2024, arXiv 2402.13718",
    licence="Apache-2.0",
    source="xinrongzhang2022/InfiniteBench on the Hugging Face hub",
    files=("**/*.jsonl",),
    tasks={task.name: task for task in TASKS},
    items=items,
    counts={
        "passkey": 590,
        "number_string": 590,
        "kv_retrieval": 500,
        "longbook_sum_eng": 103,
        "longbook_choice_eng": 229,
        "longbook_qa_eng": 351,
        "longbook_qa_chn": 175,
        "longdialogue_qa_eng": 200,
        "math_find": 350,
        "math_calc": 50,
        "code_run": 400,
        "code_debug": 394,
    },
    note="The prompts are those for GPT-4, which had no limit on its answers; limits are those for open models, with more room for math_find (3), code_run (5) and code_debug (5). Texts too long for a model are cut in the middle. GPT-4 was given math_calc as the bare expression. The table of the authors calls F1 of questions ROUGE; their code computes F1.",
)


def load_infinitebench(
    path: Path | None = None, tasks: tuple[str, ...] = (), limit: int | None = None, prompt: Prompt = "lcrag"
) -> Dataset:
    """InfiniteBench (Zhang et al. 2024, arXiv 2402.13718), 12 tasks.

    Args:
        path: The folder with the authors' files; a file's name is its task.
        tasks: Such as ``longbook_qa_eng``; empty for all.
        limit: The first so many questions of each task.
        prompt: ``official`` asks in the authors' words to the letter.

    Raises:
        LcragError: something is wrong; the message names the file and the record.
    """
    return load(BENCHMARK, path, tasks, limit, prompt)
