"""Exact match with a gold answer."""

from __future__ import annotations

from dataclasses import dataclass

from lcrag.metrics.base import wants_free_text
from lcrag.metrics.text import exact_match
from lcrag.schema import Answer, Question


@dataclass(frozen=True)
class ExactMatch:
    """The normalised answer is one of the normalised gold answers (SQuAD, Rajpurkar et al. 2016)."""

    name: str = "exact_match"

    def score(self, question: Question, answer: Answer) -> float | None:
        """1 or 0 for free text."""
        return exact_match(answer.text, question.answers) if wants_free_text(question) else None
