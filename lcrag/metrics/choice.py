"""Multiple choice: which of the choices an answer picks."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from lcrag.metrics.base import wants_choice
from lcrag.metrics.text import normalise
from lcrag.schema import Answer, Question

_LETTERS = "ABCDEFGHIJ"
_LEADING = re.compile(
    r"^\W*(?:the )?(?:(?:correct |right )?(?:answer|choice|option)(?: is)?\W*)?\(?([A-J])\b(?!')",
    re.IGNORECASE,
)
_LISTED = re.compile(r"^\s*\(?([A-J])[.):]", re.MULTILINE)
_STATED = re.compile(r"\b(?:answer|choice|option)(?: is)?\W{0,3}\(?([A-J])\b", re.IGNORECASE)


@dataclass(frozen=True)
class Choice:
    """The answer picks a right choice."""

    name: str = "choice"

    def score(self, question: Question, answer: Answer) -> float | None:
        """1 or 0 for multiple choice."""
        return (
            multiple_choice(answer.text, question.choices, question.answers)
            if wants_choice(question)
            else None
        )


def pick(prediction: str, choices: Sequence[str]) -> int | None:
    """The index of the choice that an answer picks, ``None`` if it picks none or repeats the list.

    In this order: the text is a choice; it begins with a letter ("B", "(b)", "B. lamps", "Answer: B");
    it says "answer is B"; exactly one choice's text stands in it.
    """
    texts = [normalise(c) for c in choices]
    said = normalise(prediction)
    if said in texts:
        return texts.index(said)
    listed = len({m[1].upper() for m in _LISTED.finditer(prediction)}) > 1  # repeating the choices picks none
    for pattern in (_STATED,) if listed else (_LEADING, _STATED):
        match = pattern.search(prediction.strip())
        if (
            match
            and _is_letter(match, prediction.strip())
            and _LETTERS.index(match[1].upper()) < len(choices)
        ):
            return _LETTERS.index(match[1].upper())
    if listed:
        return None
    standing = [i for i, text in enumerate(texts) if text and f" {text} " in f" {said} "]
    return standing[0] if len(standing) == 1 else None


def _is_letter(match: re.Match[str], text: str) -> bool:
    """A lone lower-case ``a`` before a word is an article, and ``I`` a pronoun, not a choice."""
    after = text[match.end(1) : match.end(1) + 2]
    article = match[1] in {"a", "A", "I"} and re.match(r" \w", after)
    return not article


def multiple_choice(prediction: str, choices: Sequence[str], answers: Sequence[str]) -> float:
    """1 when the picked choice is a gold answer (given as the choice's text or letter)."""
    picked = pick(prediction, choices)
    if picked is None:
        return 0.0
    gold = {normalise(a) for a in answers}
    return float(normalise(choices[picked]) in gold or _LETTERS[picked].lower() in gold)
