"""What a metric is."""

from __future__ import annotations

from typing import Protocol, runtime_checkable

from lcrag.schema import Answer, Question


@runtime_checkable
class Metric(Protocol):
    """Scores one answer to one question."""

    @property
    def name(self) -> str:
        """The key of its scores in ``Outcome.scores``."""

    def score(self, question: Question, answer: Answer) -> float | None:
        """From 0 to 1; ``None`` where the metric does not apply to this question or answer."""


def wants_choice(question: Question) -> bool:
    """Whether the question is multiple choice with a known answer."""
    return question.answerable and bool(question.choices) and bool(question.answers)


def wants_free_text(question: Question) -> bool:
    """Whether the question has gold answers in free text."""
    return question.answerable and not question.choices and bool(question.answers)
