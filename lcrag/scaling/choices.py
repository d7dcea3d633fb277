"""What a computation allocation model chose, and the quality of those choices."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from lcrag.scaling.model import AllocationModel
from lcrag.tables import known, ruled, wrapped


@dataclass(frozen=True)
class Choice:
    """One theta that a model chose, beside the best one.

    Attributes:
        fold: what the model was fitted on: ``all``, ``without TASK`` or ``up to TOKENS``.
        task: the task that the theta was chosen for.
        budget: effective context that each question may take, in tokens.
        theta: the choice: k documents, m demonstrations, n iterations.
        quality: measured quality of the choice.
        oracle_theta: the theta with the highest measured quality within the budget.
        oracle: its measured quality.
        baseline: measured quality of the fixed theta, NaN where it does not fit or was not measured.
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
        """The quality that the best theta has more than the choice."""
        return self.oracle - self.quality

    @property
    def ratio(self) -> float:
        """The choice's quality as a share of the best theta's; NaN where that is 0."""
        return self.quality / self.oracle if self.oracle > 0 else float("nan")


@dataclass(frozen=True)
class AllocationEvaluation:
    """How well a model fits and chooses; ``print(evaluation)`` is the table.

    Attributes:
        model: the model that was fitted on all points.
        r2: the share of the variance of normalised quality that the model explains.
        mse: its mean squared error, in normalised quality.
        points: the number of points it was fitted on.
        choices: one entry for each fold, task and budget; ``notes`` says why an entry is missing.
        notes: what could not be fitted or chosen, and coefficients that the points do not identify.
    """

    model: AllocationModel
    r2: float
    mse: float
    points: int
    choices: tuple[Choice, ...]
    notes: tuple[str, ...] = field(default=())

    def means(self) -> dict[str, tuple[float, float, float]]:
        """Mean quality, mean oracle and mean ratio by kind of fold."""
        means = {}
        for name, kind in (("fitted", "all"), ("task left out", "without"), ("length left out", "up to")):
            if rows := [c for c in self.choices if c.fold.startswith(kind)]:
                ratios = [c.ratio for c in rows if not np.isnan(c.ratio)]
                means[name] = (
                    float(np.mean([c.quality for c in rows])),
                    float(np.mean([c.oracle for c in rows])),
                    float(np.mean(ratios)) if ratios else float("nan"),
                )
        return means

    @property
    def metrics(self) -> dict[str, float]:
        """R2, MSE, and the mean regret and ratio of each kind of fold, by names that MLflow takes."""
        metrics = {"r2": self.r2, "mse": self.mse}
        for kind, (quality, oracle, ratio) in self.means().items():
            name = kind.replace(" ", "_")
            metrics |= {f"{name}_regret": oracle - quality, f"{name}_ratio": ratio}
        return metrics

    def __str__(self) -> str:
        m, s = self.model, self.model.sigmoid
        a, b = (", ".join(f"{x:+.3f}" for x in vector) for vector in (m.a, m.b))
        head = [
            f"Computation allocation model on {self.points} points, {len(m.informativeness)} tasks ({m.pipeline})",
            f"a = ({a})  b = ({b})  c = {m.c:+.3f}   of log k, log m, log n",
            f"sigma(x) = {s.height:.2f} / (1 + exp(-{s.slope:.2f} (x {s.shift:+.2f}))) {-s.depth:+.2f}",
            f"R2 = {self.r2:.3f}   MSE = {self.mse:.3f}",
        ]
        rows = [
            ["fitted on", "task", "budget", "k,m,n", "quality", "oracle k,m,n", "oracle", "regret", "ratio"]
        ]
        with_baseline = any(not np.isnan(c.baseline) for c in self.choices)
        rows[0] += ["baseline"] * with_baseline
        for c in self.choices:
            row = [c.fold, c.task, f"{c.budget:,.0f}", _theta(c.theta), f"{c.quality:.3f}"]
            row += [_theta(c.oracle_theta), f"{c.oracle:.3f}", f"{c.regret:.3f}", known(c.ratio, ".1%")]
            rows.append(row + [known(c.baseline, ".3f")] * with_baseline)
        tail = [
            f"{kind}: quality {quality:.3f}, oracle {oracle:.3f}, mean ratio {known(ratio, '.1%')}"
            for kind, (quality, oracle, ratio) in self.means().items()
        ]
        return "\n".join([*head, *ruled(rows, left=2), *tail, *wrapped(self.notes)])


def _theta(theta: tuple[float, float, float]) -> str:
    return ",".join(f"{x:g}" for x in theta)
