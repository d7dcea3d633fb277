"""All metrics that apply to one answer."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from lcrag.metrics.accuracy import Accuracy
from lcrag.metrics.base import Metric
from lcrag.metrics.choice import Choice
from lcrag.metrics.contains import Contains
from lcrag.metrics.exact_match import ExactMatch
from lcrag.metrics.f1 import F1
from lcrag.metrics.fact_recall import FactRecall
from lcrag.metrics.fact_recall_fuzzy import FactRecallFuzzy
from lcrag.metrics.length import Length
from lcrag.metrics.recall import Recall
from lcrag.metrics.refusal import Refusal
from lcrag.metrics.task import TaskScore
from lcrag.schema import Answer, Question

STANDARD: tuple[Metric, ...] = (
    Accuracy(), Choice(), Refusal(), ExactMatch(), F1(), Contains(), Recall(), FactRecall(), FactRecallFuzzy(),
    Length(), TaskScore(),
)  # fmt: skip
METRICS = tuple(metric.name for metric in STANDARD)


def default_metric(questions: Iterable[Question]) -> str:
    """The metric that decides unless another is named: the tasks' own where there are tasks."""
    return "task" if any(q.task is not None for q in questions) else "accuracy"


def score(question: Question, answer: Answer, extra: Sequence[Metric] = ()) -> dict[str, float]:
    """Scores by metric; one that does not apply is absent, not zero.

    Args:
        question: The question with its gold answers and evidence.
        answer: The answer with what it stood on.
        extra: Metrics beside the standard ones.
    """
    scores = {metric.name: metric.score(question, answer) for metric in (*STANDARD, *extra)}
    return {name: value for name, value in scores.items() if value is not None}
