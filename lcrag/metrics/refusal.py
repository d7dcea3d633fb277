"""Whether the answer declines where the text does not answer the question."""

from __future__ import annotations

from dataclasses import dataclass

from lcrag.metrics.declining import declines
from lcrag.schema import Answer, Question


@dataclass(frozen=True)
class Refusal:
    """The answer declines, for questions that the text does not answer."""

    name: str = "refusal"

    def score(self, question: Question, answer: Answer) -> float | None:
        """1 or 0 for questions without an answer."""
        return None if question.answerable else float(answer.declined or declines(answer.text))
