"""Whether a gold answer stands in the answer."""

from __future__ import annotations

from dataclasses import dataclass

from lcrag.metrics.base import wants_free_text
from lcrag.metrics.text import contains
from lcrag.schema import Answer, Question


@dataclass(frozen=True)
class Contains:
    """A gold answer stands in the answer (best subspan EM, Liu et al. 2023, arXiv 2307.03172, section 2.3)."""

    name: str = "contains"

    def score(self, question: Question, answer: Answer) -> float | None:
        """1 or 0 for free text."""
        return contains(answer.text, question.answers) if wants_free_text(question) else None
