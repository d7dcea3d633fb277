"""Token F1 with a gold answer."""

from __future__ import annotations

from dataclasses import dataclass

from lcrag.metrics.base import wants_free_text
from lcrag.metrics.text import token_f1
from lcrag.schema import Answer, Question


@dataclass(frozen=True)
class F1:
    """Token F1 with the nearest gold answer (SQuAD, Rajpurkar et al. 2016)."""

    name: str = "f1"

    def score(self, question: Question, answer: Answer) -> float | None:
        """From 0 to 1 for free text."""
        return token_f1(answer.text, question.answers) if wants_free_text(question) else None
