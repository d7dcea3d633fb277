"""MMLongBench-Doc: numbers, texts and lists are compared by their own rules."""

from __future__ import annotations

import ast
import re
from dataclasses import dataclass
from math import isclose

from rapidfuzz.distance import Levenshtein

from lcrag.schema import Answer, Question

NOT_ANSWERABLE = "Not answerable"
_LITERAL = re.compile(  # what must be equal to the letter: telephone numbers, dates, addresses
    r"\d+(?:-\d+|\s\d+)?|\d{4}[-\s]\d{2}(?:[-\s]\d{2})?|[a-zA-Z0-9._%+-]+@[a-zA-Z0-9.-]+\.[a-zA-Z]{2,}"
)


@dataclass(frozen=True)
class MMLongBenchDoc:
    """The answer agrees with the gold one by its format's rule (Ma et al. 2024, arXiv 2407.01523, ``eval_score.py``).

    Whole numbers are equal, fractions within 1% or as percentages, texts similar (ANLS above 0.5), lists as similar as
    their least similar item. An answer that declines counts as ``Not answerable``.

    Differs from the paper: the authors let GPT-4o cut the answer out of the reply first; here the reply is compared as
    it is. Their F1, over all questions together, is not computed.
    """

    name: str = "mmlongbench_doc"

    def score(self, question: Question, answer: Answer) -> float | None:
        """From 0 to 1 where ``metadata["answer_format"]`` says the rule."""
        if not question.answers:
            return None
        gold = question.answers[0]
        said = NOT_ANSWERABLE if answer.declined else answer.text.strip()
        form = question.metadata.get("answer_format", "Str")
        if form == "Int":
            return float(_whole(gold) is not None and _whole(gold) == _whole(said))
        if form == "Float":
            return float(_is_close(gold, said))
        return _lists(gold, said) if form == "List" else _texts(_clean(gold), _clean(said))


def _whole(text: str) -> int | None:
    try:
        return int(float(text))
    except (ValueError, OverflowError):
        return None


def _number(text: str) -> float | None:
    try:
        return float(text)
    except ValueError:
        return None


def _is_close(gold: str, said: str) -> bool:
    wanted, number = _number(_clean(gold)), _number(_clean(said))
    if wanted is None or number is None:
        return False
    return any(_agree(value, number) for value in (wanted / 100, wanted, wanted * 100))


def _agree(wanted: float, said: float) -> bool:
    if isclose(wanted, said, rel_tol=0.01):
        return True
    digits = max(min(_precision(said), _precision(wanted)), 2)
    return round(said, digits) == round(wanted, digits)


def _precision(value: float) -> int:
    return len(str(value).split(".")[-1]) if "." in str(value) else 3


def _clean(text: str) -> str:
    """Lower case, without parentheses, quotes around it, a dollar sign before and a percent sign after it."""
    text = re.sub(r"\s*\([^)]*\)", "", text.lower().strip()).strip()
    return re.sub(r"^['\"]|['\"]$", "", text).strip().lstrip("$").strip().rstrip("%").strip()


def _is_literal(text: str) -> bool:
    return (
        "https://" in text
        or text.endswith((".py", "ipynb"))
        or text.startswith("page")
        or "a.m." in text
        or "p.m." in text
        or bool(_LITERAL.fullmatch(text))
    )


def _texts(gold: str, said: str) -> float:
    return float(gold == said) if _is_literal(gold) else _similarity(gold, said)


def _similarity(gold: str, said: str) -> float:
    """Average normalised Levenshtein similarity; 0 up to 0.5."""
    longest = max(len(gold), len(said))
    similarity = 1 - Levenshtein.distance(gold, said) / longest if longest else 1.0
    return similarity if similarity > 0.5 else 0.0


def _lists(gold: str, said: str) -> float:
    golds, items = (sorted(map(_clean, _items(text))) for text in (gold, said))
    if len(golds) != len(items) or not golds:
        return 0.0
    if _number(golds[0]) is not None or _is_literal(golds[0]):
        return float("-".join(golds) == "-".join(items))
    return min(_similarity(a, b) for a, b in zip(golds, items, strict=True))


def _items(text: str) -> list[str]:
    """The items of a list as Python writes it, which is never run; any other text is one item."""
    if text.startswith("["):
        try:
            value = ast.literal_eval(text)
        except (ValueError, SyntaxError, RecursionError, MemoryError, TypeError):
            return [text]
        if isinstance(value, list):
            return [str(item) for item in value]
    return [text]
