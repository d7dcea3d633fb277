"""The computation allocation model: how good a theta = (k, m, n) will be (Yue et al. 2024, arXiv 2410.04343, Eq. 2)."""

from __future__ import annotations

import warnings
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

from lcrag.errors import LcragError
from lcrag.scaling.measured import Informativeness, Measured, probes
from lcrag.scaling.sigmoid import PUBLISHED, Sigmoid, fit_jointly, refit

Floats = NDArray[np.float64]
COLUMNS = ("constant", "log k", "log m", "log n", "i_doc log k", "i_shot log m")
MARGIN = 0.01  # kept from the sigmoid's ends before it is inverted


@dataclass(frozen=True)
class AllocationModel:
    """sigma^-1(P(theta)) = (a + b * i)' log(theta + epsilon) + c, with P normalised within each task.

    Attributes:
        a: of log k, log m and log n, shape (3,).
        b: of i_doc log k, i_shot log m and 0, shape (3,).
        c: the constant.
        sigmoid: from the linear prediction to normalised quality.
        epsilon: added to theta before the logarithm (0.01 in the paper).
        dropped: columns that the data do not identify; their coefficients are 0.
        scales: mean and standard deviation of each task's quality, shape (2,); empty where it was normalised before.
        informativeness: of each task it was fitted on, in the metric's units.
        pipeline: ``ols_sigmoid``, ``inverse_ols`` or ``joint``.
        normalised_probes: informativeness is divided by the task's standard deviation.
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
    normalised_probes: bool

    def linear(self, theta: ArrayLike, task: str, informativeness: Informativeness | None = None) -> Floats:
        """The linear part for each theta, shape (thetas, 3)."""
        i = self._probe(task, informativeness)
        weights = np.array([self.c, *self.a, self.b[0], self.b[1]])
        return np.asarray(design(np.array(theta, float, ndmin=2), i, self.epsilon) @ weights, float)

    def normalised(
        self, theta: ArrayLike, task: str, informativeness: Informativeness | None = None
    ) -> Floats:
        """Predicted quality on the scale within the task, shape (thetas,)."""
        return self.sigmoid(self.linear(theta, task, informativeness))

    def predict(self, theta: ArrayLike, task: str, informativeness: Informativeness | None = None) -> Floats:
        """Predicted quality in the metric's units, shape (thetas,).

        A task that was not fitted on takes the mean scale of those that were; that changes no choice.

        Args:
            theta: shape (thetas, 3).
            task: its name.
            informativeness: of a task that the model was not fitted on.
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
        """The theta with the best prediction among those within a budget of effective context.

        Args:
            theta: the grid, shape (thetas, 3).
            context: most effective context of any question for each theta, in tokens, shape (thetas,).
            budget: in tokens.
            task: its name.
            informativeness: of a task that the model was not fitted on.

        Raises:
            LcragError: no theta fits.
        """
        needed = np.asarray(context, float)
        if not (needed <= budget).any():
            raise LcragError(
                f"No theta fits into {budget:,.6g} tokens of effective context: the least needs {needed.min():,.6g}."
            )
        predicted = np.where(needed <= budget, self.linear(theta, task, informativeness), -np.inf)
        return int(predicted.argmax())

    def _scale(self, task: str) -> tuple[float, float]:
        if not self.scales:
            return 0.0, 1.0
        mean, spread = self.scales.get(task) or np.mean(list(self.scales.values()), axis=0)
        return float(mean), float(spread)

    def _probe(self, task: str, informativeness: Informativeness | None) -> tuple[float, float]:
        found = informativeness or self.informativeness.get(task)
        if found is None:
            raise LcragError(f"The model was not fitted on task {task}: give its informativeness.")
        spread = self._scale(task)[1] if self.normalised_probes else 1.0
        return found.documents / spread, found.shots / spread


def fit(
    measured: Measured,
    *,
    pipeline: Literal["ols_sigmoid", "inverse_ols", "joint"] = "ols_sigmoid",
    epsilon: float = 0.01,
    refit_sigmoid: bool = True,
    normalise: bool = True,
    normalise_probes: bool = True,
    informativeness: Mapping[str, Informativeness] | None = None,
) -> AllocationModel:
    """Fit the model.

    The paper can be read in two ways. ``ols_sigmoid`` (its text): least squares on normalised quality, then a sigmoid
    from the linear prediction to it. ``inverse_ols`` (its equation): quality is clipped into the published sigmoid's
    range, put through its inverse, then least squares. That the paper normalises informativeness is not stated.

    Both are biased even without noise where the grid is so wide that quality saturates: ``ols_sigmoid`` lays a straight
    line through the curve's flat ends (a of log k came out as 0.21 for 0.33 on k up to 10,000); ``inverse_ols`` clips
    the ends.
    ``joint`` fits coefficients and the sigmoid's height and depth together by non-linear least squares and recovers
    them; the sigmoid's slope and shift stay the published ones, because the coefficients take their place. With
    ``normalise`` each task has its own mean and deviation, which depend on the grid, so that tasks do not share a
    sigmoid: then no reading recovers the coefficients; ``joint`` is the nearest (0.02 to 0.05 off).

    Args:
        measured: at least the three runs that informativeness needs, on two tasks and with several n.
        pipeline: which reading.
        epsilon: added to theta; points with k = 0 or m = 0 weigh more the smaller it is.
        refit_sigmoid: fit the sigmoid's four constants again, else take the published ones.
        normalise: quality to mean 0 and standard deviation 1 within each task.
        normalise_probes: informativeness on that scale too.
        informativeness: by task, where it is known from elsewhere.

    Raises:
        LcragError: too few points, or a task without its three runs.
    """
    known = probes(informativeness, measured)
    scales = {task: measured.scale(task) for task in measured.names} if normalise else {}
    z, rows = np.empty(len(measured.tasks)), np.empty((len(measured.tasks), len(COLUMNS)))
    for task in measured.names:
        here = measured.of(task)
        mean, spread = scales.get(task, (0.0, 1.0))
        by = spread if normalise_probes else 1.0
        z[here] = (np.asarray(measured.quality)[here] - mean) / spread
        i = (known[task].documents / by, known[task].shots / by)
        rows[here] = design(np.asarray(measured.theta)[here], i, epsilon)
    kept = identified(rows)
    if len(rows) <= len(kept):
        raise LcragError(
            f"{len(rows)} points are too few to fit {len(kept)} coefficients: measure more thetas."
        )
    target = z if pipeline == "ols_sigmoid" else PUBLISHED.inverse(z, MARGIN)
    weights = np.zeros(len(COLUMNS))
    weights[kept] = np.linalg.lstsq(rows[:, kept], target, rcond=None)[0]
    sigmoid = refit(rows @ weights, z) if refit_sigmoid and pipeline != "joint" else PUBLISHED
    if pipeline == "joint":
        weights[kept], sigmoid = fit_jointly(rows[:, kept], z, weights[kept], refit_sigmoid)
    dropped = tuple(c for i, c in enumerate(COLUMNS) if i not in kept)
    if dropped:
        warnings.warn(
            f"The data identify {len(kept)} of {len(COLUMNS)} coefficients: {', '.join(dropped)} left out. Log n needs "
            "several n (not DRAG alone), the informativeness terms need at least two tasks that differ in it.",
            stacklevel=2,
        )
    c, a1, a2, a3, b1, b2 = (float(w) for w in weights)
    return AllocationModel(
        (a1, a2, a3), (b1, b2, 0.0), c, sigmoid, epsilon, dropped, scales, known, pipeline, normalise_probes
    )


def design(theta: Floats, i: tuple[float, float], epsilon: float) -> Floats:
    """The regression's columns (``COLUMNS``) for each theta of a task, shape (thetas, 6)."""
    logs = np.log(theta + epsilon)
    return np.column_stack([np.ones(len(theta)), logs, i[0] * logs[:, 0], i[1] * logs[:, 1]])


def identified(rows: Floats) -> list[int]:
    """The columns that the ones before them do not add up to, in order of ``COLUMNS``."""
    kept: list[int] = []
    size = np.linalg.norm(rows, axis=0)
    scaled = rows / np.where(size > 0, size, 1.0)
    for column in range(rows.shape[1]):
        if np.linalg.matrix_rank(scaled[:, [*kept, column]], tol=1e-9) > len(kept):
            kept.append(column)
    return kept
