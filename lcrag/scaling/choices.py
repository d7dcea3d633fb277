"""What a computation allocation model chose and what that gave: ``print(report)`` is the table."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from lcrag.scaling.model import AllocationModel
from lcrag.tables import aligned, known, wrapped


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


def _theta(theta: tuple[float, float, float]) -> str:
    return ",".join(f"{x:g}" for x in theta)
