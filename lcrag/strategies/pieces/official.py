"""A benchmark's own prompt, to the letter."""

from __future__ import annotations

import re
from collections.abc import Sequence

from lcrag.readers.base import Message
from lcrag.schema import Document, Passage, Question, Task

LETTERS = "ABCDEFGHIJ"
_FIELD = re.compile(r"\{(context|question|choices)\}")


def has_template(question: Question) -> bool:
    """Whether the question's task has a prompt of its own."""
    return question.task is not None and bool(question.task.template)


def prompt_of(question: Question, context: str, *, retrieved: bool = False, decline: str = "") -> str:
    """The user's message: the template with everything in its place.

    Args:
        question: A question whose task has a template.
        context: The document, or the passages.
        retrieved: Whether the context is passages.
        decline: A sentence about declining that the strategy cannot do without; it goes last.
    """
    parts = [text for _, text in _parts(question, context, retrieved)]
    return "".join([*parts, f"\n{decline}" if decline else ""])


def prefix_chars(question: Question, context: str) -> int:
    """Characters at the beginning of ``prompt_of`` that all questions on a context share.

    0 where the question, its choices or the answer's form stand before the context.
    """
    length = 0
    for name, text in _parts(question, context, retrieved=False):
        length += len(text)
        if name == "context":
            return length
        if name:
            return 0
    return 0


def messages_of(question: Question, content: str) -> tuple[Message, ...]:
    """The prompt with the task's system message, where it has one."""
    system = question.task.system if question.task else ""
    user = Message("user", content)
    return (Message("system", system), user) if system else (user,)


def documents_context(documents: Sequence[Document]) -> str:
    """The documents as one context."""
    return "\n\n".join(d.text for d in documents)


def passages_context(task: Task, passages: Sequence[Passage]) -> str:
    """The passages as one context, each in the task's form."""
    return "".join(
        task.passage_template.replace("{number}", str(number))
        .replace("{index}", str(number - 1))
        .replace("{text}", passage.text.strip())
        for number, passage in enumerate(passages, 1)
    )


def _parts(question: Question, context: str, retrieved: bool) -> list[tuple[str, str]]:
    """The template's pieces in order: the name of a field, or an empty one, and the text."""
    task = question.task or Task("")
    template = (task.passages_template if retrieved else "") or task.template
    choices = "\n".join(
        task.choice_template.replace("{letter}", letter).replace("{text}", choice)
        for letter, choice in zip(LETTERS, question.choices, strict=False)
    )
    texts = {"context": context, "question": question.text, "choices": choices}
    pieces = _FIELD.split(template)  # text, field, text, field, ..., text
    return [(piece, texts[piece]) if i % 2 else ("", piece) for i, piece in enumerate(pieces)]
