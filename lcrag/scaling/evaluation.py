"""How well a computation allocation model chooses: on its own points, on a task left out, at a length left out."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lcrag.errors import LcragError
from lcrag.scaling.choices import Choice, Report
from lcrag.scaling.measured import Measured
from lcrag.scaling.model import AllocationModel, fit

Bools = NDArray[np.bool_]


def report(
    measured: Measured,
    budgets: Sequence[float],
    *,
    baseline: tuple[float, float, float] | None = None,
    **settings: Any,
) -> Report:
    """Fit on all points, and again without each task and without each greater length; report what was chosen.

    Choices are made by prediction alone among the thetas whose effective context fits; the figures are what those
    thetas gave in fact. A task that was left out brings nothing but its informativeness (leave-one-domain-out). For
    the length folds the model is fitted on what fits one budget and chooses under the next.

    Args:
        measured: with ``context``.
        budgets: of effective context, in tokens.
        baseline: a fixed theta to hold the choice against.
        settings: of ``fit``.

    Raises:
        LcragError: no context was measured, no budget or a negative one, or the points cannot be fitted.
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
        here = measured.of(task)
        if not (context[here] <= budget).any():
            notes.append(f"No theta of {task} fits into {budget:,.0f} tokens.")
            return
        choices.append(_choice(fold, fitted, measured.only(here), task, budget, baseline))

    def refitted(fold: str, which: Bools) -> AllocationModel | None:
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
        if other := refitted(f"without {task}", ~measured.of(task)):
            for budget in budgets:
                choose(f"without {task}", other, task, budget)
    for shorter, longer in pairwise(sorted(budgets)):
        if other := refitted(f"up to {shorter:,.0f}", context <= shorter):
            for task in measured.names:
                choose(f"up to {shorter:,.0f}", other, task, longer)
    predicted, z = _on_its_own(model, measured)
    error = float(((z - predicted) ** 2).mean())
    r2 = 1 - error / float(z.var())
    return Report(model, r2, error, len(z), tuple(choices), tuple(dict.fromkeys(notes)))


def _choice(
    fold: str,
    model: AllocationModel,
    here: Measured,
    task: str,
    budget: float,
    baseline: tuple[float, float, float] | None,
) -> Choice:
    theta, context, quality = (np.asarray(x) for x in (here.theta, here.context, here.quality))
    chosen = model.choose(theta, context, budget, task, here.informativeness(task))
    best = int(np.where(context <= budget, quality, -np.inf).argmax())
    fixed = [
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
        float(fixed[0]) if fixed else float("nan"),
    )


def _on_its_own(model: AllocationModel, measured: Measured) -> tuple[Any, Any]:
    """Predicted and actual quality of the points, normalised."""
    predicted, z = np.empty(len(measured.tasks)), np.empty(len(measured.tasks))
    for task in measured.names:
        here = measured.of(task)
        mean, spread = model.scales.get(task, (0.0, 1.0))
        predicted[here] = model.normalised(np.asarray(measured.theta)[here], task)
        z[here] = (np.asarray(measured.quality)[here] - mean) / spread
    return predicted, z
