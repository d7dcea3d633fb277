"""Whether parts are in the right order."""

from __future__ import annotations

import re
from dataclasses import dataclass

from lcrag.schema import Answer, Question

_LIST = re.compile(r"\d+(?:\s*(?:,|;|->|→|\s)\s*(?:and\s+)?\d+)+")


@dataclass(frozen=True)
class ExactOrder:
    """The last list of numbers in the answer is the gold order (TSort, Wang et al. 2024, arXiv 2404.06480).

    Differs from the paper: any number of parts; Ada-LEval's code takes an order that breaks off for a right one.
    """

    name: str = "exact_order"

    def score(self, question: Question, answer: Answer) -> float | None:
        """1 or 0 where there are gold answers, which are orders such as ``[2, 1, 3]``."""
        if not question.answers:
            return None
        lists = _LIST.findall(answer.text)
        order = re.findall(r"\d+", lists[-1]) if lists else []
        return float(any(order == re.findall(r"\d+", gold) for gold in question.answers))
