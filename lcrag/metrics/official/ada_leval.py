"""Ada-LEval's two tasks: the best of many answers, and four parts of a book in order."""

from __future__ import annotations

import itertools
import json
import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Literal

from lcrag.metrics.official.gold import gold_json
from lcrag.schema import Answer, Question


@dataclass(frozen=True)
class AdaLEval:
    """The best answer is named, or the parts are in order (Ada-LEval, Wang et al. 2024, arXiv 2404.06480).

    Attributes:
        variant: ``official``: of several answers that a reply names, the one with the highest number counts, and an
            order that breaks off before its first mistake is right. ``fixed``: the answer named after the last
            ``Answer:`` counts, else the only one that is named, and the order must be complete.
    """

    name: str = "ada_leval"
    variant: Literal["official", "fixed"] = "official"

    def score(self, question: Question, answer: Answer) -> float | None:
        """1 or 0 for ``stackselect`` and ``textsort``."""
        if question.metadata.get("task") == "textsort":
            order = gold_json(question, list)
            return None if order is None else float(self._is_sorted(answer.text, order))
        choices = question.metadata.get("choices")
        if not question.answers or not isinstance(choices, int):
            return None
        picked = _highest if self.variant == "official" else _stated
        return float(picked(answer.text, choices) == question.answers[0])

    def _is_sorted(self, text: str, gold: list[int]) -> bool:
        order = _order(text)
        if self.variant == "fixed":
            return bool(order == gold)
        return isinstance(order, list) and all(a == b for a, b in zip(gold, order, strict=False))


def _highest(text: str, count: int) -> str:
    """The highest designation that occurs, else the highest bare number."""
    for prefix in ("A", ""):
        for number in range(count, 0, -1):
            if f"{prefix}{number}" in text:
                return f"A{number}"
    return ""


def _stated(text: str, count: int) -> str:
    """The designation after the last ``Answer:``, else the only one; empty where there are several."""
    named = re.findall(r"\bA(\d+)\b", text.rpartition("Answer:")[2])
    picked = set(named[:1] if "Answer:" in text else named)
    return f"A{picked.pop()}" if len(picked) == 1 and picked <= set(map(str, range(1, count + 1))) else ""


def _order(text: str) -> Any:
    """The order as JSON, else the only order of four whose digits stand one after the other in the reply."""
    if "Answer:" in text:
        text = text.split("Answer:")[1].strip()
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        orders = [order for order in itertools.permutations("1234") if _in_turn(order, text)]
        return [int(digit) for digit in orders[0]] if len(orders) == 1 else None


def _in_turn(digits: Iterable[str], text: str) -> bool:
    rest = iter(text)
    return all(digit in rest for digit in digits)
