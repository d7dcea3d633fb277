"""Exact match with a gold answer."""

from __future__ import annotations

from dataclasses import dataclass

from lcrag.metrics.base import wants_free_text
from lcrag.metrics.text import Normalisation, exact_match
from lcrag.schema import Answer, Question


@dataclass(frozen=True)
class ExactMatch:
    """The normalised answer is one of the normalised gold answers (SQuAD, Rajpurkar et al. 2016).

    Attributes:
        normalisation: ``squad`` is SQuAD's to the letter; ``lcrag`` also folds dashes and quotes (see ``text``).
    """

    name: str = "exact_match"
    normalisation: Normalisation = "lcrag"

    def score(self, question: Question, answer: Answer) -> float | None:
        """1 or 0 for free text."""
        if not wants_free_text(question):
            return None
        return exact_match(answer.text, question.answers, self.normalisation)
