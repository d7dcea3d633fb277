"""Token F1 with a gold answer."""

from __future__ import annotations

from dataclasses import dataclass

from lcrag.metrics.base import wants_free_text
from lcrag.metrics.text import Normalisation, token_f1
from lcrag.schema import Answer, Question


@dataclass(frozen=True)
class F1:
    """Token F1 with the nearest gold answer (SQuAD, Rajpurkar et al. 2016).

    Attributes:
        normalisation: ``squad`` is SQuAD's to the letter; ``lcrag`` also folds dashes and quotes (see ``text``).
    """

    name: str = "f1"
    normalisation: Normalisation = "lcrag"

    def score(self, question: Question, answer: Answer) -> float | None:
        """From 0 to 1 for free text."""
        if not wants_free_text(question):
            return None
        return token_f1(answer.text, question.answers, self.normalisation)
