"""The metric that decides unless another is named."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from lcrag.metrics.choice import Choice
from lcrag.metrics.contains import Contains
from lcrag.metrics.exact_match import ExactMatch
from lcrag.metrics.f1 import F1
from lcrag.metrics.refusal import Refusal
from lcrag.schema import Answer, Question

FreeText = Literal["contains", "exact_match", "f1"]


@dataclass(frozen=True)
class Accuracy:
    """The right choice, the refusal or the right free text, whichever the question calls for.

    Attributes:
        free_text: How free text is scored: a gold answer stands in it (``contains``), it is one (``exact_match``), or
            its token F1 reaches ``threshold``.
        threshold: The least token F1 of a right answer.
    """

    name: str = "accuracy"
    free_text: FreeText = "contains"
    threshold: float = 0.5

    @property
    def summary(self) -> str:
        """How answers are scored, for the foot of a table."""
        texts = {
            "contains": "a gold answer stands in the answer",
            "exact_match": "the answer is a gold answer",
            "f1": f"token F1 with a gold answer is at least {self.threshold:g}",
        }
        free_text = texts[self.free_text]
        return f"Right is: in free text, {free_text}; the right choice; declining where there is no answer."

    def score(self, question: Question, answer: Answer) -> float | None:
        """1 or 0 (0.25 for some of several right letters); declining an answerable question is wrong."""
        if not question.answerable:
            return Refusal().score(question, answer)
        score = Choice().score(question, answer)
        score = self._free_text(question, answer) if score is None else score
        return 0.0 if score is not None and answer.declined else score

    def _free_text(self, question: Question, answer: Answer) -> float | None:
        if self.free_text == "f1":
            f1 = F1().score(question, answer)
            return None if f1 is None else float(f1 >= self.threshold)
        metric = Contains() if self.free_text == "contains" else ExactMatch()
        return metric.score(question, answer)
