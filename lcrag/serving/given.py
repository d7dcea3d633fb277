"""Feedback as a user gives it, and the score that it means."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from lcrag.errors import LcragError
from lcrag.metrics.base import Metric
from lcrag.schema import Answer, Question
from lcrag.serving.served import ServedAnswer


@dataclass(frozen=True)
class Feedback:
    """Feedback that was taken.

    Attributes:
        id: the answer's.
        score: from 0 to 1.
        replaces: the score that the answer had before; ``None`` if it had none.
    """

    id: str
    score: float
    replaces: float | None = None

    def __str__(self) -> str:
        before = "" if self.replaces is None else f", in place of {self.replaces:.2f}: the last one counts"
        return f"Answer {self.id} scores {self.score:.2f}{before}."


def score_of(score: Any, thumb: Any, id: str) -> float:
    """The score of a thumb, or a score that is one.

    Raises:
        LcragError: it is neither.
    """
    if thumb is not None:
        if not isinstance(thumb, bool):
            raise LcragError(f"The thumb for answer {id} must be true or false, not {thumb!r}.")
        return float(thumb)
    if isinstance(score, bool) or not isinstance(score, int | float) or not 0 <= score <= 1:
        raise LcragError(f"The score of answer {id} must be a number from 0 to 1, not {score!r}.")
    return float(score)


def score_against(gold: str | Sequence[str], served: ServedAnswer, metric: Metric) -> float:
    """The answer's score by the metric.

    Raises:
        LcragError: the metric does not apply.
    """
    answers = (gold,) if isinstance(gold, str) else tuple(gold)
    question = Question(served.id, served.question, served.documents, answers, served.kind)
    value = None
    if answers and all(isinstance(a, str) and a.strip() for a in answers):
        value = metric.score(question, Answer(served.answer, declined=served.declined))
    if value is None:
        raise LcragError(
            f"The metric {metric.name} does not score answer {served.id} against {gold!r}: give a gold answer that is "
            "a text, or a score from 0 to 1."
        )
    return float(value)
