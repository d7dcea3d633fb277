"""MLflow's scorers on our outcomes, and our metrics as MLflow's scorers (``mlflow.genai``)."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Protocol

from lcrag.errors import LcragError, did_you_mean
from lcrag.judges.base import JudgedMetric
from lcrag.metrics.base import Metric
from lcrag.schema import Answer, Question

if TYPE_CHECKING:
    import pandas as pd

WORKERS = {"MLFLOW_GENAI_EVAL_MAX_WORKERS": "2"}  # MLflow's ten wait for one another on a SQLite store
UNANSWERABLE = "The text does not answer this question."
COLUMNS = ("question_id", "document_id", "kind", "strategy", "model")


class HasTable(Protocol):
    """What has a table of outcomes: the results of an experiment."""

    @property
    def table(self) -> pd.DataFrame:
        """One row for each question and strategy."""


def evaluation_rows(
    outcomes: pd.DataFrame | HasTable, questions: Sequence[Question], strategy: str = ""
) -> list[dict[str, Any]]:
    """Answers as the rows that ``mlflow.genai.evaluate`` takes as ``data``; failed ones are left out.

    ``inputs`` is the question, ``outputs`` the answer's text. ``expectations`` has ``expected_response``, which
    MLflow's own judges read, and ``answers``, ``choices`` and ``answerable``, which our metrics read. ``tags`` say
    which row of the table it is.

    Args:
        outcomes: results, or a table of outcomes.
        questions: the dataset's questions, with their gold answers.
        strategy: only the answers of this one; empty for all.

    Raises:
        LcragError: an unknown strategy, or an answer to a question that is not among ``questions``.
    """
    import pandas as pd

    table = outcomes if isinstance(outcomes, pd.DataFrame) else outcomes.table
    strategies = list(dict.fromkeys(table["strategy"]))
    if strategy and strategy not in strategies:
        raise LcragError(f"No outcome is of strategy {strategy!r}; {did_you_mean(strategy, strategies)}")
    by_id = {q.id: q for q in questions}
    rows = []
    for row in table.to_dict("records"):
        error = row.get("error")
        if (isinstance(error, str) and error) or (strategy and row["strategy"] != strategy):
            continue
        if row["question_id"] not in by_id:
            raise LcragError(
                f"Question {row['question_id']!r} was answered but is not among the questions: give those of the run."
            )
        tags = {column: str(row[column]) for column in COLUMNS if column in row}
        rows.append(
            {
                "inputs": {"question": by_id[row["question_id"]].text},
                "outputs": str(row["answer"]),
                "expectations": _expectations(by_id[row["question_id"]]),
                "tags": tags,
            }
        )
    return rows


def _expectations(question: Question) -> dict[str, Any]:
    reference = " or ".join(question.answers) if question.answerable else UNANSWERABLE
    expected = {
        "expected_response": reference,
        "answers": list(question.answers),
        "choices": list(question.choices),
        "answerable": question.answerable,
    }
    return {key: value for key, value in expected.items() if value not in ("", [])}


def as_scorer(metric: Metric) -> Any:
    """One of our metrics as a scorer of MLflow, under its own name, for the rows of ``evaluation_rows``.

    It sees question, gold answers, choices and the answer's text. A metric that needs more, such as retrieved passages
    or quotes, has no score there; one that does not apply has none either, which MLflow leaves out of the mean.

    Raises:
        LcragError: the metric asks a judge.
    """
    if isinstance(metric, JudgedMetric):
        raise LcragError(
            f"{metric.name} asks a judge, which MLflow's scorers cannot pay for: name it under 'metrics' in the run."
        )
    from mlflow.genai.scorers import scorer

    def score(
        inputs: Mapping[str, Any], outputs: str, expectations: Mapping[str, Any] | None = None
    ) -> float | None:
        gold = expectations or {}
        question = Question(
            "",
            str(inputs["question"]),
            (),
            tuple(gold.get("answers", ())),
            choices=tuple(gold.get("choices", ())),
            answerable=bool(gold.get("answerable", True)),
        )
        return metric.score(question, Answer(outputs))

    return scorer(score, name=metric.name)


def evaluate_outcomes(
    outcomes: pd.DataFrame | HasTable, questions: Sequence[Question], scorers: Sequence[Any]
) -> dict[str, Any]:
    """``mlflow.genai.evaluate`` on the answers of each strategy, in an MLflow run of its name.

    Two workers, unless MLFLOW_GENAI_EVAL_MAX_WORKERS says otherwise.

    Args:
        outcomes: results, or a table of outcomes.
        questions: the dataset's questions, with their gold answers.
        scorers: MLflow's, anyone's, or ours (``as_scorer``).

    Returns:
        MLflow's result by strategy; its ``metrics`` are means under ``<scorer>/mean``.

    Raises:
        LcragError: an answer to a question that is not among ``questions``.
    """
    import mlflow
    import pandas as pd

    table = outcomes if isinstance(outcomes, pd.DataFrame) else outcomes.table
    results = {}
    for strategy in dict.fromkeys(table["strategy"]):
        if rows := evaluation_rows(table, questions, strategy):
            with few_workers(), mlflow.start_run(run_name=strategy, nested=True):
                results[strategy] = mlflow.genai.evaluate(data=rows, scorers=list(scorers))
    return results


@contextmanager
def few_workers() -> Iterator[None]:
    """As many workers as a SQLite store can bear, for what runs within; your own setting stays."""
    added = {key: value for key, value in WORKERS.items() if key not in os.environ}
    os.environ.update(added)
    try:
        yield
    finally:
        for key in added:
            os.environ.pop(key, None)
