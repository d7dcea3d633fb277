"""The score that a question's benchmark defines."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cache

from lcrag.components.build import build
from lcrag.metrics.base import Metric
from lcrag.metrics.cleaning import clean
from lcrag.schema import Answer, Question


@dataclass(frozen=True)
class TaskScore:
    """What the question's task asks for: its way to cut out the answer, then its metric."""

    name: str = "task"

    @property
    def summary(self) -> str:
        """How answers are scored, for the foot of a table."""
        return "Scored as the benchmark does it: see `lcrag data show`."

    def score(self, question: Question, answer: Answer) -> float | None:
        """By the metric of the task, from 0 to 1; questions without a task have no such score."""
        if question.task is None:
            return None
        cleaned = replace(answer, text=clean(answer.text, question.task.cleaning))
        return metric_named(question.task.metric).score(question, cleaned)


@cache
def metric_named(name: str) -> Metric:
    """The metric of that name with its default settings.

    Raises:
        LcragError: there is none.
    """
    metric: Metric = build("metric", name, "task")
    return metric
