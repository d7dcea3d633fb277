"""What every metric promises."""

from __future__ import annotations

from math import isfinite

from lcrag.metrics.base import Metric
from lcrag.schema import Answer
from lcrag.testing import world
from lcrag.testing.promises import check_component, promise


def check_metric(metric: Metric) -> None:
    """Check a metric on every kind of question.

    A score is a number from 0 to 1, or ``None`` where the metric does not apply; the same answer has the same score;
    a gold answer scores no less than nonsense.

    Raises:
        AssertionError: a promise is broken; the message names it.
    """
    label = check_component(metric, "metric", "name")
    for question in world.dataset().questions:
        gold = Answer(question.answers[0]) if question.answerable else Answer("unanswerable", declined=True)
        scores = []
        for answer in (gold, Answer("zzz qqq"), Answer("")):
            score = metric.score(question, answer)
            promise(score == metric.score(question, answer), f"{label}: one answer has two scores.")
            promise(
                score is None or (isfinite(score) and 0 <= score <= 1),
                f"{label}: question {question.id} scores {score!r}; a score is from 0 to 1, or None.",
            )
            scores.append(score)
        if scores[0] is not None and scores[1] is not None:
            promise(
                scores[0] >= scores[1], f"{label}: nonsense scores above the gold answer of {question.id}."
            )
