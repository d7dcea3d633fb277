"""The pieces that every prompt is made of: text first, question last, so that prefixes can be shared."""

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


def passages_block(passages: Sequence[Passage]) -> str:
    """Numbered passages."""
    return "".join(f"Passage {i}:\n{p.text.strip()}\n\n" for i, p in enumerate(passages, start=1))


def answer_form(reasoning: Reasoning) -> str:
    """What kind of answer is wanted."""
    return THINK if reasoning == "think" else SHORT


def answer_of(text: str, reasoning: Reasoning) -> str:
    """The answer itself, without the thoughts before it."""
    return after_answer(text) if reasoning == "think" else text


def after_answer(text: str) -> str:
    """What stands after the last ``Answer:``; the whole text where the mark is missing."""
    return _ANSWER.split(text)[-1].strip() or text.strip()


def listed(text: str, *, marked_only: bool = False) -> list[str]:
    """The items of a bulleted or numbered list, each once; every line where there is no mark at all."""
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    marked = [_MARK.sub("", line) for line in lines if _MARK.match(line)]
    items = marked if marked or marked_only else lines
    clean = [item.strip().strip("\"'“”").strip() for item in items]
    return [c for c in dict.fromkeys(clean) if c and c.lower().strip(".") != "none"]


def first_json(text: str) -> Any:
    """The first JSON object or list that stands in a text, ``None`` if there is none."""
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
