"""Measured quality of a grid of theta = (k, m, n) on tasks, and each task's informativeness."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import ArrayLike, NDArray

from lcrag.errors import LcragError

Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]
THETA = ("k", "m", "n")
# Plain question, one document, one demonstration: informativeness is measured with these three.
REFERENCE_THETAS = {"bare": (0.0, 0.0, 1.0), "documents": (1.0, 0.0, 1.0), "shots": (0.0, 1.0, 1.0)}


@dataclass(frozen=True)
class Informativeness:
    """How much one document and one demonstration (shot) help on a task.

    Yue et al. 2024, arXiv 2410.04343, section 5.1.
    """

    documents: float
    shots: float


@dataclass(frozen=True, eq=False)
class Measured:
    """Mean quality of each theta on each task.

    Attributes:
        tasks: the task of each point, shape (points,).
        theta: k documents, m demonstrations, n iterations, shape (points, 3).
        quality: the metric's mean over the task's questions, shape (points,).
        context: the largest effective context of any question, in tokens, shape (points,); needed for choices under
            a budget.

    Raises:
        LcragError: the shapes differ, a theta is negative, an amount is not finite, or a point is a duplicate.
    """

    tasks: Sequence[str]
    theta: ArrayLike
    quality: ArrayLike
    context: ArrayLike | None = None

    def __post_init__(self) -> None:
        n = len(self.tasks)
        shapes = {"theta": (n, 3), "quality": (n,)} | ({} if self.context is None else {"context": (n,)})
        if not n:
            raise LcragError("Nothing was measured: give at least the three runs that informativeness needs.")
        for name, shape in shapes.items():
            array = np.array(getattr(self, name), float)
            if array.shape != shape:
                raise LcragError(
                    f"{name} has shape {array.shape}, but there are {n} points: {shape} is expected."
                )
            if not np.isfinite(array).all():
                raise LcragError(f"{name} holds amounts that are not finite: leave those points out.")
            object.__setattr__(self, name, array)
        if (np.asarray(self.theta) < 0).any():
            raise LcragError("A theta is negative: k, m and n are at least 0.")
        points = [(t, *row) for t, row in zip(self.tasks, np.asarray(self.theta), strict=True)]
        if len(set(points)) < n:
            duplicate = next(p for i, p in enumerate(points) if p in points[:i])
            raise LcragError(
                f"Task {duplicate[0]} has theta {_text(duplicate[1:])} twice: give each point once."
            )

    @cached_property
    def names(self) -> list[str]:
        """The names of the tasks, without duplicates."""
        return list(dict.fromkeys(self.tasks))

    def of(self, task: str) -> Bools:
        """Which points belong to a task, shape (points,)."""
        return np.array([t == task for t in self.tasks])

    def only(self, which: Bools) -> Measured:
        """The points that ``which`` selects; shape (points,)."""
        tasks = [t for t, keep in zip(self.tasks, which, strict=True) if keep]
        context = None if self.context is None else np.asarray(self.context)[which]
        return Measured(tasks, np.asarray(self.theta)[which], np.asarray(self.quality)[which], context)

    def scale(self, task: str) -> tuple[float, float]:
        """Mean and standard deviation of a task's quality.

        Raises:
            LcragError: all its points are equal.
        """
        values = np.asarray(self.quality)[self.of(task)]
        if not values.std() > 1e-12:
            raise LcragError(f"All points of task {task} have the same quality: there is nothing to fit.")
        return float(values.mean()), float(values.std())

    def informativeness(self, task: str) -> Informativeness:
        """P(1,0,1) - P(0,0,1) and P(0,1,1) - P(0,0,1), in the metric's units, from three cheap runs.

        Raises:
            LcragError: one of the three was not measured.
        """
        points = self.only(self.of(task))
        at = {tuple(t): q for t, q in zip(np.asarray(points.theta), np.asarray(points.quality), strict=True)}
        for theta in REFERENCE_THETAS.values():
            if theta not in at:
                raise LcragError(
                    f"Task {task} was not measured at (k, m, n) = {_text(theta)}, which its informativeness needs."
                )
        bare = at[REFERENCE_THETAS["bare"]]
        documents, shots = (at[REFERENCE_THETAS[name]] - bare for name in ("documents", "shots"))
        return Informativeness(float(documents), float(shots))


def complete_informativeness(
    given: Mapping[str, Informativeness] | None, measured: Measured
) -> dict[str, Informativeness]:
    """The informativeness of each task: as given, else as measured."""
    given = given or {}
    return {task: given.get(task) or measured.informativeness(task) for task in measured.names}


def _text(theta: Sequence[float]) -> str:
    return "(" + ", ".join(f"{x:g}" for x in theta) + ")"
