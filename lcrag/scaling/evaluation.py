"""How well a computation allocation model chooses on its own points, on a task and at a length left out."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lcrag.errors import LcragError
from lcrag.scaling.choices import AllocationEvaluation, Choice
from lcrag.scaling.measured import Measured
from lcrag.scaling.model import AllocationModel, fit

Bools = NDArray[np.bool_]


def evaluate_model(
    measured: Measured,
    budgets: Sequence[float],
    *,
    baseline: tuple[float, float, float] | None = None,
    **settings: Any,
) -> AllocationEvaluation:
    """Fit on all points, then without each task and without the longer budgets; evaluate what each fit chooses.

    The model chooses by predicted quality among the thetas whose effective context is within the budget; the table
    shows their measured quality. Of a task that is left out the model sees only the informativeness
    (leave-one-domain-out). For a length fold the model is fitted on the points within one budget and chooses under
    the next larger one.

    Args:
        measured: points with their ``context``.
        budgets: budgets of effective context, in tokens.
        baseline: a fixed theta to compare the choices with.
        settings: keyword arguments of ``fit``.

    Raises:
        LcragError: ``measured`` has no context, there is no budget or one not above 0, or the points cannot be fitted.
    """
    if measured.context is None:
        raise LcragError("Choices under a budget need the effective context of each point: give `context`.")
    if not budgets or min(budgets) <= 0:
        raise LcragError(f"Budgets of {list(budgets)} tokens: give at least one, all above 0.")
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always", UserWarning)
        model = fit(measured, **settings)
    notes = [str(w.message) for w in caught]
    choices, context = [], np.asarray(measured.context)

    def choose(fold: str, fitted: AllocationModel, task: str, budget: float) -> None:
        of_task = measured.of(task)
        if not (context[of_task] <= budget).any():
            notes.append(f"No theta of {task} fits into {budget:,.0f} tokens.")
            return
        choices.append(_choice(fold, fitted, measured.only(of_task), task, budget, baseline))

    def refit(fold: str, which: Bools) -> AllocationModel | None:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", UserWarning)
            try:
                return fit(measured.only(which), **settings)
            except LcragError as error:
                notes.append(f"Not fitted {fold}: {error}")
                return None

    for task in measured.names:
        for budget in budgets:
            choose("all", model, task, budget)
    for task in measured.names if len(measured.names) > 1 else []:
        if other := refit(f"without {task}", ~measured.of(task)):
            for budget in budgets:
                choose(f"without {task}", other, task, budget)
    for shorter, longer in pairwise(sorted(budgets)):
        if other := refit(f"up to {shorter:,.0f}", context <= shorter):
            for task in measured.names:
                choose(f"up to {shorter:,.0f}", other, task, longer)
    predicted, z = _in_sample(model, measured)
    error = float(((z - predicted) ** 2).mean())
    r2 = 1 - error / float(z.var())
    return AllocationEvaluation(model, r2, error, len(z), tuple(choices), tuple(dict.fromkeys(notes)))


def _choice(
    fold: str,
    model: AllocationModel,
    points: Measured,
    task: str,
    budget: float,
    baseline: tuple[float, float, float] | None,
) -> Choice:
    theta, context, quality = (np.asarray(x) for x in (points.theta, points.context, points.quality))
    chosen = model.choose(theta, context, budget, task, points.informativeness(task))
    best = int(np.where(context <= budget, quality, -np.inf).argmax())
    baselines = [
        q for t, q, c in zip(theta, quality, context, strict=True) if tuple(t) == baseline and c <= budget
    ]
    return Choice(
        fold,
        task,
        budget,
        tuple(theta[chosen]),
        float(quality[chosen]),
        tuple(theta[best]),
        float(quality[best]),
        float(baselines[0]) if baselines else float("nan"),
    )


def _in_sample(model: AllocationModel, measured: Measured) -> tuple[Any, Any]:
    """Predicted and measured quality of the points, normalised, each of shape (points,)."""
    predicted, z = np.empty(len(measured.tasks)), np.empty(len(measured.tasks))
    for task in measured.names:
        of_task = measured.of(task)
        mean, spread = model.scales.get(task, (0.0, 1.0))
        predicted[of_task] = model.normalised(np.asarray(measured.theta)[of_task], task)
        z[of_task] = (np.asarray(measured.quality)[of_task] - mean) / spread
    return predicted, z
