"""The pieces that every prompt is made of: text first, question last, so that prefixes can be shared."""

from __future__ import annotations

from collections.abc import Sequence

from lcrag.readers.base import Message
from lcrag.schema import Document, Question

SYSTEM = "You answer questions about a text, from that text alone."
SHORT = "Answer in a few words."
DECLINE = 'If the text does not answer the question, write "unanswerable".'


def text_block(documents: Sequence[Document]) -> str:
    """The documents, each under its name where there are several."""
    if len(documents) == 1:
        return f"Text:\n{documents[0].text}\n\n"
    return "".join(f"Text {i} ({d.id}):\n{d.text}\n\n" for i, d in enumerate(documents, start=1))


def question_block(question: Question, *instructions: str) -> str:
    """The question, its choices if it has any, and what kind of answer is wanted."""
    lines = [f"Question: {question.text}"]
    if question.choices:
        lines += [
            f"{letter}. {choice}" for letter, choice in zip("ABCDEFGHIJ", question.choices, strict=False)
        ]
        lines.append("Answer with the letter of the right choice.")
    return "\n".join([*lines, *(i for i in instructions if i)])


def chat(content: str, system: str = SYSTEM) -> tuple[Message, ...]:
    """One system and one user message."""
    return (Message("system", system), Message("user", content))
