"""Feedback as a table of outcomes, and as what routers learn from."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from lcrag.errors import LcragError
from lcrag.outcomes.amounts import Cache
from lcrag.outcomes.costs import CostUnit, cost_of, unit_of
from lcrag.outcomes.table import validate
from lcrag.routers.learning.examples import Examples
from lcrag.schema import Outcome
from lcrag.serving.feedback_log import ANSWERS, FEEDBACK, latest, read_answers
from lcrag.serving.served import ServedAnswer
from lcrag.tables import many

if TYPE_CHECKING:
    import pandas as pd

logger = logging.getLogger("lcrag")


def is_feedback(path: Path) -> bool:
    """Whether a path is a folder of feedback, or one of the files in it."""
    return path.suffix == ".jsonl" or (path / FEEDBACK).is_file() or (path / ANSWERS).is_file()


def read_feedback(path: Path | str, *, scored: bool = True) -> list[ServedAnswer]:
    """The answers that feedback was given on, each once; damaged lines are left out and logged.

    Args:
        path: a folder of feedback, or a file in it.
        scored: ``False``: all answers, scored or not.

    Raises:
        LcragError: there are none.
    """
    path = Path(path)
    file = (path / (FEEDBACK if scored else ANSWERS)) if path.is_dir() else path
    answers, _, damaged = read_answers(file)
    if damaged:
        logger.warning(
            "%s: %s left out; the others count.", file, many(damaged, "damaged line is", "damaged lines are")
        )
    answers = [a for a in latest(answers) if a.score is not None or not scored]
    if not answers:
        what = "feedback: give some with Application.feedback" if scored else "answers of an application"
        raise LcragError(f"{file} has no {what}.")
    return answers


def feedback_outcomes(answers: Sequence[ServedAnswer]) -> pd.DataFrame:
    """A table of outcomes: one row per answer, under the answer's id; ``note_propensity`` is its propensity."""
    return validate(_table(answers), "The table of feedback")


def _table(answers: Sequence[ServedAnswer]) -> pd.DataFrame:
    import pandas as pd

    return pd.DataFrame([_row(a) for a in answers])


def _row(answer: ServedAnswer) -> dict[str, object]:
    outcome = Outcome(
        question_id=answer.id,
        document_id="+".join(answer.documents),
        kind=answer.kind,
        strategy=answer.strategy,
        model=answer.model,
        seed=0,
        answer=answer.answer,
        declined=answer.declined,
        score=answer.score,
        notes={"propensity": answer.propensity},
        usage=answer.ledger(),
    )
    row = outcome.flat() | {"question": answer.question, "document_tokens": answer.tokens}
    features = {f"feature_{name}": value for name, value in answer.features.items()}
    return row | {"window": answer.window} | features


def feedback_examples(
    answers: Sequence[ServedAnswer],
    *,
    strategies: Sequence[str] | None = None,
    cost: CostUnit = "tokens",
    cache: Cache = "warm",
) -> Examples:
    """What routers learn from: of each answer, what its strategy scored and cost; NaN for the other strategies.

    Args:
        answers: scored answers.
        strategies: what is chosen among; default: all that could have answered. Answers by others are left out.
        cost: see ``examples_of``.
        cache: likewise.

    Raises:
        LcragError: fewer than two strategies, or no answer by any of them.
    """
    names = list(strategies or dict.fromkeys(s for a in answers for s in (*a.candidates, a.strategy)))
    answers = [a for a in answers if a.strategy in names]
    if len(names) < 2 or not answers:
        raise LcragError(
            f"A router chooses among at least two strategies; the feedback is on: {', '.join(names)}."
        )
    table = _table(answers)  # the answers are checked already
    amounts = cost_of(table, unit_of(table, cost), cache).to_numpy(float)
    is_chosen = np.array([[name == a.strategy for name in names] for a in answers])
    scores = np.array([np.nan if a.score is None else a.score for a in answers])
    return Examples(
        tuple(a.query() for a in answers),
        tuple(names),
        np.where(is_chosen, scores[:, None], np.nan),
        np.where(is_chosen, amounts[:, None], np.nan),
        clusters_of(answers),
        unit_of(table, cost),
        propensities=np.array([a.propensity for a in answers]),
    )


def clusters_of(answers: Sequence[ServedAnswer]) -> tuple[str, ...]:
    """What is independent of one another: the documents; where all answers share them, the question."""
    documents = tuple("+".join(a.documents) for a in answers)
    return documents if len(set(documents)) > 1 else tuple(a.question for a in answers)
