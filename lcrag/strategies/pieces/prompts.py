"""The parts of every prompt: text first, question last, so that questions on a text share its prefix."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from typing import Any, Literal

from lcrag.readers.base import Message
from lcrag.schema import Document, Passage, Question

Reasoning = Literal["direct", "think"]

SYSTEM = "You answer questions about a text, from that text alone."
SHORT = "Answer in a few words."
THINK = (
    "Think step by step. Then write, on a line of its own, the word Answer and a colon, "
    "and the answer in a few words."
)
REFUSAL = "unanswerable"
DECLINE = f'If the text does not answer the question, write "{REFUSAL}".'
_ANSWER = re.compile(r"answer\s*:\s*", re.IGNORECASE)
_MARK = re.compile(r"^\s*(?:[-*•]|\(?\d+[.):])\s+")


def text_block(documents: Sequence[Document]) -> str:
    """The documents; if there are several, each under its id."""
    if len(documents) == 1:
        return f"Text:\n{documents[0].text}\n\n"
    return "".join(f"Text {i} ({d.id}):\n{d.text}\n\n" for i, d in enumerate(documents, start=1))


def question_block(question: Question, *instructions: str) -> str:
    """The question, its choices if it has any, and the instructions for the answer."""
    lines = [f"Question: {question.text}"]
    if question.choices:
        lines += [
            f"{letter}. {choice}" for letter, choice in zip("ABCDEFGHIJ", question.choices, strict=False)
        ]
        lines.append("Answer with the letter of the right choice.")
    return "\n".join([*lines, *(i for i in instructions if i)])


def answer_block(
    question: Question,
    allow_decline: bool = False,
    *,
    form: str = SHORT,
    decline: str = DECLINE,
    required: bool = False,
) -> str:
    """The question and how it is to be answered, in the words of its task where it has one.

    Args:
        question: what is asked.
        allow_decline: whether to say that the reader may decline; a task may forbid it.
        form: the instruction for the form of the answer.
        decline: the sentence that says that the reader may decline.
        required: whether the strategy cannot do without that sentence, whatever the task says.
    """
    task = question.task
    if task is not None and task.instruction:
        form = task.instruction if form == SHORT else f"{form}\n{task.instruction}"
    allowed = allow_decline and (task is None or task.allow_decline or required)
    return question_block(question, form, decline if allowed else "")


def answer_tokens(question: Question, max_tokens: int) -> int:
    """Maximum tokens of the answer: the task's where it says, else the strategy's."""
    return question.task.max_tokens if question.task and question.task.max_tokens else max_tokens


def passages_block(passages: Sequence[Passage]) -> str:
    """Numbered passages."""
    return "".join(f"Passage {i}:\n{p.text.strip()}\n\n" for i, p in enumerate(passages, start=1))


def answer_form(reasoning: Reasoning) -> str:
    """The instruction for the form of the answer."""
    return THINK if reasoning == "think" else SHORT


def answer_of(text: str, reasoning: Reasoning) -> str:
    """The answer without the reasoning before it."""
    return after_answer(text) if reasoning == "think" else text


def after_answer(text: str) -> str:
    """What stands after the last ``Answer:``; without that mark the last line, so that no thought is the answer."""
    marked = _ANSWER.split(text)[1:]
    if marked and marked[-1].strip():
        return marked[-1].strip()
    return text.strip().rpartition("\n")[2].strip()


def list_items(text: str, *, marked_only: bool = False) -> list[str]:
    """The items of a bulleted or numbered list without duplicates.

    Without any bullet or number every line is an item, or none with ``marked_only``. Quotation marks are removed.
    """
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    marked = [_MARK.sub("", line) for line in lines if _MARK.match(line)]
    items = marked if marked or marked_only else lines
    clean = [item.strip().strip("\"'“”").strip() for item in items]
    return [c for c in dict.fromkeys(clean) if c and c.lower().strip(".") != "none"]


def first_json(text: str) -> Any:
    """The first JSON object or list in a text, ``None`` if there is none."""
    decoder = json.JSONDecoder()
    for match in re.finditer(r"[\[{]", text):
        try:
            return decoder.raw_decode(text, match.start())[0]
        except json.JSONDecodeError:
            continue
    return None


def chat(content: str, system: str = SYSTEM) -> tuple[Message, ...]:
    """One system and one user message."""
    return (Message("system", system), Message("user", content))
