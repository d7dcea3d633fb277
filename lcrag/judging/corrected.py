"""Strategies' accuracies corrected for the judge's errors, to be printed under the table."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from lcrag.errors import LcragError
from lcrag.judges.base import Calibrated, JudgedMetric
from lcrag.judging.calibration import Calibration, load_calibration
from lcrag.judging.correction import check_informative, rogan_gladen
from lcrag.outcomes.duplicates import clusters

if TYPE_CHECKING:
    import pandas as pd


class CorrectedAccuracy(NamedTuple):
    """A strategy's accuracy by a judge.

    Attributes:
        strategy: Its name.
        raw: Share of its answers that the judge calls right.
        corrected: The same, corrected for the judge's errors.
        low: The lower bound of the 95% interval, which counts the errors of the calibration in.
        high: The upper bound.
    """

    strategy: str
    raw: float
    corrected: float
    low: float
    high: float


def correction_remarks(table: pd.DataFrame, metrics: Sequence[object]) -> tuple[str, ...]:
    """For the foot of a table: accuracies by each judge that has a calibration, and corrected for its errors."""
    told = []
    for metric in metrics:
        if (
            not isinstance(metric, JudgedMetric)
            or not isinstance(metric, Calibrated)
            or metric.calibration is None
        ):
            continue
        try:
            found = corrected_accuracies(table, metric.name, load_calibration(metric.calibration))
        except LcragError as error:
            told.append(f"{metric.name} cannot be corrected for its judge's errors: {error}")
            continue
        figures = ", ".join(
            f"{a.strategy} {a.raw:.3f} -> {a.corrected:.3f} [{a.low:.2f}, {a.high:.2f}]" for a in found
        )
        told.append(f"{metric.name} corrected for its judge's errors (Rogan-Gladen): {figures}.")
    return tuple(told)


def corrected_accuracies(
    table: pd.DataFrame, metric: str, calibration: Calibration
) -> list[CorrectedAccuracy]:
    """The accuracy of each strategy, in the table's order (see ``rogan_gladen``).

    The correction takes it that the judge errs on every strategy's answers as often as on the labelled ones. It does
    not hold where the calibration shows a bias (``Calibration.biases``), nor for questions of another kind than those
    that are labelled.

    Args:
        table: outcomes with the column ``score_<metric>``; answers without a verdict are left out.
        metric: the judged metric's name.
        calibration: of this metric; whether it is of the same judge is for ``Calibration.check``.

    Raises:
        LcragError: the table has no such scores, the calibration is of another metric, or the judge's verdicts say
            nothing of the answers.
    """
    column = f"score_{metric}"
    if column not in table:
        raise LcragError(f"The outcomes have no scores of the metric {metric!r}: score them with it first.")
    if calibration.metric != metric:
        raise LcragError(
            f"The calibration is of the metric {calibration.metric!r}, not of {metric!r}: give the one of {metric!r}."
        )
    check_informative(calibration.sensitivity, calibration.specificity)
    accuracies = []
    for strategy in dict.fromkeys(table["strategy"]):
        rows = table[table["strategy"] == strategy]
        score = rows[column].to_numpy(float)
        verdicts = np.where(np.isnan(score), np.nan, score >= calibration.correct_threshold)
        found = rogan_gladen(
            verdicts,
            clusters(rows),
            calibration.sensitivity,
            calibration.specificity,
            covariance=calibration.covariance,
        )
        accuracies.append(CorrectedAccuracy(strategy, found.raw, found.mean, found.low, found.high))
    return accuracies
