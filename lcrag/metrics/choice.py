"""Multiple choice: which of the choices an answer picks."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from lcrag.metrics.base import wants_choice
from lcrag.metrics.text import normalise
from lcrag.schema import Answer, Question

PARTIAL = (
    0.25  # for some of several right letters and no wrong one (L-Eval, An et al. 2023, arXiv 2307.11088)
)
_LETTERS = "ABCDEFGHIJ"
_LETTER = r"\(?[A-J]\)?(?![\w'-])"
_SEVERAL = rf"{_LETTER}(?:(?:\s*[,;/&]\s*|\s+)(?:and\s+|or\s+)?{_LETTER})*"
_WHOLE = re.compile(r"^[A-Ja-j](?:[\s,;/&]*(?:and\s+)?[A-J])*[.)]?$")
_BOXED = re.compile(r"\\boxed\{(?:\\\w+\{)?\s*([^{}]*)\}")
_LISTED = re.compile(r"^\s*\(?([A-J])[.):].*$", re.MULTILINE)
_LEADING = re.compile(rf"^\W*(?:({_SEVERAL})|\(([a-j])\)|([a-j])(?=[.):]|\W*$))")
_STATED = re.compile(
    r"\b(?:answer|choice|option|response|letter|one|it|choose|pick|select|going with|go with)\b"
    r"(?:\s+(?:is|would be|must be|should be|be))?(?:\s+\w+ly)?(?:\s+(?:option|choice|letter))?"
    rf"[\s:*\"'`]*({_SEVERAL}|\([a-j]\))",
    re.IGNORECASE,
)
_REJECTED = re.compile(rf"\bnot\s+{_LETTER},?(?=\s+but\b)")


@dataclass(frozen=True)
class Choice:
    """The answer picks the right choice; with several right letters, some of them earn a quarter."""

    name: str = "choice"

    def score(self, question: Question, answer: Answer) -> float | None:
        """1 or 0 for multiple choice, 0.25 for some of several right letters."""
        if not wants_choice(question):
            return None
        return multiple_choice(answer.text, question.choices, question.answers)


def multiple_choice(prediction: str, choices: Sequence[str], answers: Sequence[str]) -> float:
    """The best score over the gold answers, each a choice's text, its letter, or several letters (``A, C``)."""
    picked = picks(prediction, choices)
    return max((_agreement(picked, gold(answer, choices)) for answer in answers), default=0.0)


def _agreement(picked: frozenset[int], right: frozenset[int]) -> float:
    if picked == right and right:
        return 1.0
    return PARTIAL if picked and picked < right else 0.0


def gold(answer: str, choices: Sequence[str]) -> frozenset[int]:
    """The choices that a gold answer names. Letters count first, as they stand: ``A`` is no article here."""
    text = answer.strip()
    if text not in choices and _WHOLE.match(text):
        return _indices(text, choices)
    return frozenset(i for i, choice in enumerate(choices) if _same(choice, text))


def picks(prediction: str, choices: Sequence[str]) -> frozenset[int]:
    r"""The choices that an answer picks; none where it picks none, leaves it open ("B or C") or repeats the list.

    In this order: the answer is a choice; ``\boxed{B}``; it says "the answer is B", "I think it is B"; it begins with
    letters ("B", "(b)", "B. lamps", "A and C"); one letter alone stands in it; one choice's text stands in it.
    """
    text = prediction.strip()
    if whole := frozenset(i for i, choice in enumerate(choices) if _same(choice, text)):
        return whole
    if _WHOLE.match(text) and text.upper() == text and list(text) == sorted(set(text)):  # "AC"
        return _indices(text, choices)
    if boxed := _BOXED.search(text):
        return _indices(boxed[1], choices)
    repeats = len({m[1] for m in _LISTED.finditer(text)}) > 1
    rest = _REJECTED.sub("", text)
    if stated := [m[1] for m in _STATED.finditer(rest) if not _is_word(m[1], rest[m.end() :])]:
        return _chosen(stated[-1], choices)
    rest = _LISTED.sub("", rest) if repeats else rest
    leading = None if repeats else _LEADING.search(rest)
    if leading:
        letters = next(g for g in leading.groups() if g)
        if not _is_word(letters, rest[leading.end() :]):
            return _chosen(letters, choices)
    alone = {
        m[0] for m in re.finditer(r"(?<![\w'-])[A-J](?![\w'-])", rest) if not _is_word(m[0], rest[m.end() :])
    }
    if len(alone) == 1:
        return _indices(alone.pop(), choices)
    if alone or repeats:
        return frozenset()
    inside = [
        i for i, c in enumerate(choices) if normalise(c) and f" {normalise(c)} " in f" {normalise(text)} "
    ]
    return frozenset(inside) if len(inside) == 1 else frozenset()


def _same(choice: str, text: str) -> bool:
    """Whether a text is a choice: as it stands, else normalised where that leaves something."""
    if choice.strip().casefold() == text.strip().casefold():
        return True
    return bool(normalise(choice)) and normalise(choice) == normalise(text)


def _chosen(letters: str, choices: Sequence[str]) -> frozenset[int]:
    return frozenset() if re.search(r"\bor\b", letters) else _indices(letters, choices)


def _indices(letters: str, choices: Sequence[str]) -> frozenset[int]:
    named = re.findall(r"(?<![A-Za-z])[A-Ja-j](?![A-Za-z])|(?<=[A-J])[A-J]|[A-J](?=[A-J])", letters)
    indices = frozenset(_LETTERS.index(x.upper()) for x in named)
    return indices if all(i < len(choices) for i in indices) else frozenset()


def _is_word(letter: str, after: str) -> bool:
    """Whether a letter is the article ("A lamp") or the pronoun ("I think")."""
    return (
        letter.strip("()") in {"A", "I", "a", "i"} and "(" not in letter and bool(re.match(r" [a-z]", after))
    )
