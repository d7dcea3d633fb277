"""NoLiMa's score: the character's name."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from lcrag.schema import Answer, Question


@dataclass(frozen=True)
class NoLiMa:
    """A gold answer, the character's name, is in the reply, case and all (Modarressi et al. 2025, arXiv 2502.05167).

    Attributes:
        match: ``contains`` anywhere, as in the authors' runs; ``EM`` the whole reply; ``lastline_contains`` and
            ``lastline_EM`` the last line only, for replies that reason first.
    """

    name: str = "nolima"
    match: Literal["contains", "EM", "lastline_contains", "lastline_EM"] = "contains"

    def score(self, question: Question, answer: Answer) -> float | None:
        """1 or 0 where there are gold answers."""
        if not question.answers:
            return None
        text = answer.text
        if self.match != "contains":
            text = text.strip()
        if self.match.startswith("lastline"):
            text = text.split("\n")[-1]
        if self.match.endswith("EM"):
            return float(text in question.answers)
        return float(any(gold in text for gold in question.answers))
