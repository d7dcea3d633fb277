"""The metric that decides unless another is named."""

from __future__ import annotations

from dataclasses import dataclass

from lcrag.metrics.choice import Choice
from lcrag.metrics.contains import Contains
from lcrag.metrics.refusal import Refusal
from lcrag.schema import Answer, Question


@dataclass(frozen=True)
class Accuracy:
    """The choice, the refusal or the contained gold answer, whichever the question calls for."""

    name: str = "accuracy"

    def score(self, question: Question, answer: Answer) -> float | None:
        """As ``refusal``, ``choice`` or ``contains``; declining an answerable question is wrong."""
        if not question.answerable:
            return Refusal().score(question, answer)
        score = Choice().score(question, answer)
        score = Contains().score(question, answer) if score is None else score
        return 0.0 if score is not None and answer.declined else score
