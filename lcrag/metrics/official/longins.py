"""LongIns: which of many answered questions are answered wrongly."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal

from lcrag.metrics.official.gold import gold_json
from lcrag.schema import Answer, Question


@dataclass(frozen=True)
class LongIns:
    """F1 of the numbers in brackets with the wrong questions' numbers (LongIns, Gavin et al. 2024, arXiv 2406.17588).

    Attributes:
        variant: ``official``: where no question is wrong, every reply scores 0. ``fixed``: a reply without numbers is
            right there.
    """

    name: str = "longins"
    variant: Literal["official", "fixed"] = "official"

    def score(self, question: Question, answer: Answer) -> float | None:
        """From 0 to 1 where the wrong questions are known, as a JSON list."""
        errors = gold_json(question, list)
        if errors is None:
            return None
        gold = set(map(str, errors))
        parts = re.findall(r"\[(.*?)\]", answer.text)
        said = {n.lstrip("0") or "0" for part in parts for n in re.findall(r"\d+", part)}
        if self.variant == "fixed" and not gold:
            return float(not said)
        return 2 * len(said & gold) / (len(said) + len(gold)) if said & gold else 0.0
