"""How well a computation allocation model chooses: on its own points, on a task left out, at a length left out."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lcrag.budget.measured import Measured
from lcrag.budget.model import AllocationModel, fit
from lcrag.budget.tables import aligned, known, wrapped
from lcrag.errors import LcragError

Bools = NDArray[np.bool_]


@dataclass(frozen=True)
class Choice:
    """One theta that a model chose, and what it and the best one gave in fact.

    ``fold`` says what the model was fitted on: ``all``, ``without TASK`` or ``up to N tokens``. ``baseline`` is the
    fixed theta that the report was given, NaN where it does not fit or was not measured.
    """

    fold: str
    task: str
    budget: float
    theta: tuple[float, float, float]
    quality: float
    oracle_theta: tuple[float, float, float]
    oracle: float
    baseline: float

    @property
    def regret(self) -> float:
        """What the best theta would have given more."""
        return self.oracle - self.quality

    @property
    def ratio(self) -> float:
        """The choice's quality as a share of the best theta's; NaN where that is 0."""
        return self.quality / self.oracle if self.oracle > 0 else float("nan")


@dataclass(frozen=True)
class Report:
    """``print(report)`` is the table.

    Attributes:
        model: fitted on all points.
        r2: share of the variance of normalised quality that it explains.
        mse: its mean squared error on that scale.
        points: how many it was fitted on.
        choices: see ``Choice``; missing folds have a reason in ``notes``.
        notes: what could not be done, and what the model does not identify.
    """

    model: AllocationModel
    r2: float
    mse: float
    points: int
    choices: tuple[Choice, ...]
    notes: tuple[str, ...] = field(default=())

    def means(self) -> dict[str, tuple[float, float, float]]:
        """For each kind of fold the mean quality, the mean oracle and the mean ratio."""
        found = {}
        for name, kind in (("fitted", "all"), ("task left out", "without"), ("length left out", "up to")):
            if rows := [c for c in self.choices if c.fold.startswith(kind)]:
                ratio = [c.ratio for c in rows if not np.isnan(c.ratio)]
                mean = float(np.mean(ratio)) if ratio else float("nan")
                found[name] = (
                    float(np.mean([c.quality for c in rows])),
                    float(np.mean([c.oracle for c in rows])),
                    mean,
                )
        return found

    @property
    def metrics(self) -> dict[str, float]:
        """R2, MSE, and mean regret and ratio of each kind of fold, by name."""
        found = {"r2": self.r2, "mse": self.mse}
        for kind, (quality, oracle, ratio) in self.means().items():
            name = kind.replace(" ", "_")
            found |= {f"{name}_regret": oracle - quality, f"{name}_ratio": ratio}
        return found

    def __str__(self) -> str:
        m = self.model
        numbers = [f"{name} = ({', '.join(f'{x:+.3f}' for x in v)})" for name, v in (("a", m.a), ("b", m.b))]
        s = m.sigmoid
        head = [
            f"Computation allocation model on {self.points} points, {len(m.informativeness)} tasks ({m.pipeline})",
            f"{numbers[0]}  {numbers[1]}  c = {m.c:+.3f}   of log k, log m, log n",
            f"sigma(x) = {s.height:.2f} / (1 + exp(-{s.slope:.2f} (x {s.shift:+.2f}))) {-s.depth:+.2f}",
            f"R2 = {self.r2:.3f}   MSE = {self.mse:.3f}",
        ]
        rows = [
            ["fitted on", "task", "budget", "k,m,n", "quality", "oracle k,m,n", "oracle", "regret", "ratio"]
        ]
        given = any(not np.isnan(c.baseline) for c in self.choices)
        rows[0] += ["baseline"] * given
        for c in self.choices:
            row = [c.fold, c.task, f"{c.budget:,.0f}", _theta(c.theta), f"{c.quality:.3f}"]
            row += [_theta(c.oracle_theta), f"{c.oracle:.3f}", f"{c.regret:.3f}", known(c.ratio, ".1%")]
            rows.append(row + [known(c.baseline, ".3f")] * given)
        lines = aligned(rows, left=2)
        rule = "─" * max(map(len, lines))
        tail = [
            f"{kind}: quality {quality:.3f}, oracle {oracle:.3f}, mean ratio {known(ratio, '.1%')}"
            for kind, (quality, oracle, ratio) in self.means().items()
        ]
        return "\n".join([*head, rule, lines[0], rule, *lines[1:], rule, *tail, *wrapped(self.notes)])


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


def _theta(theta: tuple[float, float, float]) -> str:
    return ",".join(f"{x:g}" for x in theta)
