"""The computation allocation model: how good a theta = (k, m, n) will be (Yue et al. 2024, arXiv 2410.04343, Eq. 2)."""

from __future__ import annotations

import warnings
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

from lcrag.errors import LcragError
from lcrag.scaling.measured import Informativeness, Measured, complete_informativeness
from lcrag.scaling.sigmoid import PUBLISHED, Sigmoid, fit_jointly, refit

Floats = NDArray[np.float64]
COLUMNS = ("constant", "log k", "log m", "log n", "i_doc log k", "i_shot log m")
MARGIN = 0.01  # distance to the sigmoid's asymptotes to which quality is clipped before the inverse


@dataclass(frozen=True)
class AllocationModel:
    """sigma^-1(P(theta)) = (a + b * i)' log(theta + epsilon) + c, with P normalised within each task.

    Attributes:
        a: coefficients of log k, log m and log n, shape (3,).
        b: coefficients of i_doc log k and i_shot log m, then 0, shape (3,).
        c: the constant.
        sigmoid: from the linear prediction to normalised quality.
        epsilon: added to theta before the logarithm (0.01 in the paper).
        dropped: columns that the data do not identify; their coefficients are 0.
        scales: mean and standard deviation of quality by task; empty where the given quality was normalised already.
        informativeness: by task that the model was fitted on, in the metric's units.
        pipeline: ``ols_sigmoid``, ``inverse_ols`` or ``joint``.
        normalised_informativeness: whether informativeness is divided by the task's standard deviation.
    """

    a: tuple[float, float, float]
    b: tuple[float, float, float]
    c: float
    sigmoid: Sigmoid
    epsilon: float
    dropped: tuple[str, ...]
    scales: Mapping[str, tuple[float, float]]
    informativeness: Mapping[str, Informativeness]
    pipeline: str
    normalised_informativeness: bool

    def linear(self, theta: ArrayLike, task: str, informativeness: Informativeness | None = None) -> Floats:
        """The linear part of the prediction, shape (thetas,); arguments as in ``predict``."""
        i = self._scaled(task, informativeness)
        weights = np.array([self.c, *self.a, self.b[0], self.b[1]])
        return np.asarray(design(np.array(theta, float, ndmin=2), i, self.epsilon) @ weights, float)

    def normalised(
        self, theta: ArrayLike, task: str, informativeness: Informativeness | None = None
    ) -> Floats:
        """Predicted quality, normalised within the task, shape (thetas,); arguments as in ``predict``."""
        return self.sigmoid(self.linear(theta, task, informativeness))

    def predict(self, theta: ArrayLike, task: str, informativeness: Informativeness | None = None) -> Floats:
        """Predicted quality in the metric's units, shape (thetas,).

        A task that the model was not fitted on gets the mean scale of the others, which changes no choice.

        Args:
            theta: k documents, m demonstrations, n iterations, shape (thetas, 3).
            task: the task's name.
            informativeness: needed for a task that the model was not fitted on.
        """
        mean, spread = self._scale(task)
        return mean + spread * self.normalised(theta, task, informativeness)

    def choose(
        self,
        theta: ArrayLike,
        context: ArrayLike,
        budget: float,
        task: str,
        informativeness: Informativeness | None = None,
    ) -> int:
        """The index of the theta with the best prediction among those within a budget of effective context.

        Args:
            theta: the grid, shape (thetas, 3).
            context: the largest effective context of any question with each theta, in tokens, shape (thetas,).
            budget: effective context that each question may take, in tokens.
            task: the task's name.
            informativeness: needed for a task that the model was not fitted on.

        Raises:
            LcragError: no theta fits.
        """
        needed = np.asarray(context, float)
        if not (needed <= budget).any():
            raise LcragError(
                f"No theta fits into {budget:,.6g} tokens of effective context: the smallest needs {needed.min():,.6g}."
            )
        predicted = np.where(needed <= budget, self.linear(theta, task, informativeness), -np.inf)
        return int(predicted.argmax())

    def _scale(self, task: str) -> tuple[float, float]:
        if not self.scales:
            return 0.0, 1.0
        mean, spread = self.scales.get(task) or np.mean(list(self.scales.values()), axis=0)
        return float(mean), float(spread)

    def _scaled(self, task: str, informativeness: Informativeness | None) -> tuple[float, float]:
        i = informativeness or self.informativeness.get(task)
        if i is None:
            raise LcragError(f"The model was not fitted on task {task}: give its informativeness.")
        spread = self._scale(task)[1] if self.normalised_informativeness else 1.0
        return i.documents / spread, i.shots / spread


def fit(
    measured: Measured,
    *,
    pipeline: Literal["ols_sigmoid", "inverse_ols", "joint"] = "ols_sigmoid",
    epsilon: float = 0.01,
    refit_sigmoid: bool = True,
    normalise: bool = True,
    normalise_informativeness: bool = True,
    informativeness: Mapping[str, Informativeness] | None = None,
) -> AllocationModel:
    """Fit the model.

    The paper can be read in two ways. ``ols_sigmoid`` (its text): least squares on normalised quality, then a sigmoid
    from the linear prediction to it. ``inverse_ols`` (its equation): quality is clipped into the published sigmoid's
    range and put through its inverse, then least squares. The paper does not say whether it normalises
    informativeness.

    Both are biased even without noise where the grid is so wide that quality saturates: ``ols_sigmoid`` lays a straight
    line through the curve's flat ends (a of log k came out as 0.21 for 0.33 on k up to 10,000); ``inverse_ols`` clips
    the ends.
    ``joint`` fits coefficients and the sigmoid's height and depth together by non-linear least squares and recovers
    them; the sigmoid's slope and shift stay the published ones, because the coefficients take their place. With
    ``normalise`` each task has its own mean and deviation, which depend on the grid, so that tasks do not share a
    sigmoid: then no reading recovers the coefficients; ``joint`` is the nearest (0.02 to 0.05 off).

    Args:
        measured: at least the three runs that informativeness needs; two tasks and several n identify all coefficients.
        pipeline: the reading of the paper.
        epsilon: added to theta; the smaller it is, the more points with k = 0 or m = 0 weigh.
        refit_sigmoid: fit the sigmoid's four constants; else use the published ones.
        normalise: scale quality to mean 0 and standard deviation 1 within each task.
        normalise_informativeness: divide informativeness by the same standard deviation.
        informativeness: by task, in place of what the three runs measured.

    Raises:
        LcragError: too few points, or a task without its three runs.
    """
    informativeness = complete_informativeness(informativeness, measured)
    scales = {task: measured.scale(task) for task in measured.names} if normalise else {}
    z, rows = np.empty(len(measured.tasks)), np.empty((len(measured.tasks), len(COLUMNS)))
    for task in measured.names:
        of_task = measured.of(task)
        mean, spread = scales.get(task, (0.0, 1.0))
        divisor = spread if normalise_informativeness else 1.0
        z[of_task] = (np.asarray(measured.quality)[of_task] - mean) / spread
        i = (informativeness[task].documents / divisor, informativeness[task].shots / divisor)
        rows[of_task] = design(np.asarray(measured.theta)[of_task], i, epsilon)
    columns = identified(rows)
    if len(rows) <= len(columns):
        raise LcragError(
            f"{len(rows)} points are too few to fit {len(columns)} coefficients: measure more thetas."
        )
    target = z if pipeline == "ols_sigmoid" else PUBLISHED.inverse(z, MARGIN)
    weights = np.zeros(len(COLUMNS))
    weights[columns] = np.linalg.lstsq(rows[:, columns], target, rcond=None)[0]
    sigmoid = refit(rows @ weights, z) if refit_sigmoid and pipeline != "joint" else PUBLISHED
    if pipeline == "joint":
        weights[columns], sigmoid = fit_jointly(rows[:, columns], z, weights[columns], refit_sigmoid)
    dropped = tuple(c for i, c in enumerate(COLUMNS) if i not in columns)
    if dropped:
        warnings.warn(
            f"The data identify {len(columns)} of {len(COLUMNS)} coefficients: {', '.join(dropped)} left out. Log n "
            "needs several n (not DRAG alone), the informativeness terms need at least two tasks that differ in it.",
            stacklevel=2,
        )
    c, a1, a2, a3, b1, b2 = (float(w) for w in weights)
    return AllocationModel(
        a=(a1, a2, a3),
        b=(b1, b2, 0.0),
        c=c,
        sigmoid=sigmoid,
        epsilon=epsilon,
        dropped=dropped,
        scales=scales,
        informativeness=informativeness,
        pipeline=pipeline,
        normalised_informativeness=normalise_informativeness,
    )


def design(theta: Floats, i: tuple[float, float], epsilon: float) -> Floats:
    """The regression's columns (``COLUMNS``) for the thetas of a task with informativeness ``i``, shape (thetas, 6)."""
    logs = np.log(theta + epsilon)
    return np.column_stack([np.ones(len(theta)), logs, i[0] * logs[:, 0], i[1] * logs[:, 1]])


def identified(rows: Floats) -> list[int]:
    """Columns that are not linear combinations of the columns before them, as indices of ``COLUMNS``."""
    kept: list[int] = []
    size = np.linalg.norm(rows, axis=0)
    scaled = rows / np.where(size > 0, size, 1.0)
    for column in range(rows.shape[1]):
        if np.linalg.matrix_rank(scaled[:, [*kept, column]], tol=1e-9) > len(kept):
            kept.append(column)
    return kept
