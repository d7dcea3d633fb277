"""LOFT's scorers for answers and for retrieved documents."""

from __future__ import annotations

import ast
import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from lcrag.metrics.text import squad_normalise
from lcrag.schema import Answer, Question

SEVERAL = ("rag_qampari", "rag_quest", "rag_romqa")  # tasks whose gold answers are all wanted
MRECALL = {"retrieval_hotpotqa": 2, "retrieval_musique": 5, "retrieval_qampari": 5, "retrieval_quest": 3}


@dataclass(frozen=True)
class Loft:
    """What LOFT scores its task with: a gold answer in the first item of the reply's list (arXiv 2406.13121).

    The reply's list is what stands from the first to the last bracket of the first line that has both. ``rag_*`` is
    right if a gold answer is within its first item; in ``rag_qampari`` and ``rag_quest`` each gold answer must be
    within an item of its own, or the item within it. ``retrieval_*`` is the share of the gold documents that the first
    item is, in four tasks whether as many of the first k items are right as can be (Lee et al. 2024).
    """

    name: str = "loft"

    def score(self, question: Question, answer: Answer) -> float | None:
        """From 0 to 1 for questions of LOFT's tasks with gold answers."""
        task = str(question.metadata.get("task", ""))
        if not question.answers or not task.startswith(("rag_", "retrieval_")):
            return None
        items = listed(answer.text)
        if task.startswith("retrieval_"):
            return _retrieved(question.answers, [item.strip() for item in items], MRECALL.get(task, 0))
        golds, items = [*map(_normalise, question.answers)], [*map(_normalise, items)]
        if not items:
            return 0.0
        if task in SEVERAL:
            return _aligned(golds, items)
        return float(any(gold in items[0] for gold in golds))


def listed(text: str) -> list[str]:
    """The items of the list in the reply; empty if no line has one or it cannot be read."""
    for line in text.replace("*", "").replace("`", "").strip().split("\n"):
        if "[" in line and "]" in line:
            inside = line[line.find("[") : line.rfind("]") + 1]
            escaped = re.sub("([a-zA-Z0-9])'([a-zA-Z0-9])", r"\1\'\2", inside)
            return [str(item) for item in _literal(escaped)]
    return []


def _literal(text: str) -> Sequence[Any]:
    try:
        value = ast.literal_eval(text)
    except (ValueError, SyntaxError, RecursionError, MemoryError, TypeError):
        return ()
    return value if isinstance(value, list | tuple) else ()


def _normalise(text: str) -> str:
    return squad_normalise(unicodedata.normalize("NFD", text))


def _aligned(golds: Sequence[str], items: Sequence[str]) -> float:
    import numpy as np
    from scipy.optimize import linear_sum_assignment

    fits = np.array([[gold in item or item in gold for item in items] for gold in golds], dtype=float)
    rows, columns = linear_sum_assignment(-fits)
    return float(fits[rows, columns].sum() == len(golds))


def _retrieved(golds: Sequence[str], items: Sequence[str], k: int) -> float:
    hits = len(set(items[: k or 1]) & set(golds))
    return float(hits == min(k, len(golds))) if k else hits / len(golds)
