"""Quality against cost, as one curve for each router, and the figures that sum a curve up."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import nan
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lcrag.replay.replayed import Replayed
from lcrag.routers.learning.examples import Examples

COST_WEIGHTS = (0.0, *np.geomspace(0.005, 5.0, 25).tolist())
SHARES = (0.5, 0.8, 0.95)


@dataclass(frozen=True)
class Curve:
    """Points of mean cost and mean score, ascending in cost, each as good as a cheaper one or better.

    The points of the strategies by themselves are among them: between any two points a router can be mixed at random,
    and every router can degenerate to a single strategy.

    Attributes:
        costs, scores: of the points that are on the upper hull (RouterBench's non-decreasing convex hull).
        weak, strong: (cost, score) of the cheapest and of the dearest strategy.
    """

    costs: NDArray[np.float64]
    scores: NDArray[np.float64]
    weak: tuple[float, float]
    strong: tuple[float, float]

    def at(self, costs: Any) -> Any:
        """Score at a mean cost, by mixing the neighbouring points; flat beyond the last one."""
        return np.interp(costs, self.costs, self.scores)

    @property
    def aiq(self) -> float:
        """Mean score over mean costs from the cheapest to the dearest strategy (AIQ, arXiv 2403.12031, section 3.3)."""
        low, high = self.weak[0], self.strong[0]
        if not high > low:
            return nan
        x = np.unique(np.concatenate([[low, high], self.costs[(self.costs > low) & (self.costs < high)]]))
        return float(np.trapezoid(self.at(x), x) / (high - low))

    @property
    def apgr(self) -> float:
        """Mean share of the gap between weak and strong that is recovered (RouteLLM, arXiv 2406.18665, section 3).

        On the x-axis is cost between the two instead of the share of strong calls, since a router that escalates pays
        for both. NaN where the strong strategy is not better: there is no gap to recover.
        """
        gap = self.strong[1] - self.weak[1]
        return (self.aiq - self.weak[1]) / gap if gap > 0 else nan

    def cpt(self, share: float) -> float:
        """The least cost, from 0 (weak) to 1 (strong), that recovers ``share`` of the gap; NaN if none does."""
        gap = self.strong[1] - self.weak[1]
        width = self.strong[0] - self.weak[0]
        if not (gap > 0 and width > 0):
            return nan
        wanted = self.weak[1] + share * gap
        fine = np.linspace(self.weak[0], self.strong[0], 2001)
        reached = np.flatnonzero(self.at(fine) >= wanted - 1e-12)
        return float((fine[reached[0]] - self.weak[0]) / width) if len(reached) else nan


def hull(points: Sequence[tuple[float, float]]) -> list[tuple[float, float]]:
    """The upper-left hull: convex, and no point is worse than a cheaper one."""
    best: list[tuple[float, float]] = []
    for cost, score in sorted(set(points), key=lambda p: (p[0], -p[1])):
        if best and score <= best[-1][1]:
            continue
        while len(best) > 1 and _turns_up(best[-2], best[-1], (cost, score)):
            best.pop()
        best.append((cost, score))
    return best


def _turns_up(a: tuple[float, float], b: tuple[float, float], c: tuple[float, float]) -> bool:
    return (b[1] - a[1]) * (c[0] - a[0]) <= (c[1] - a[1]) * (b[0] - a[0])


def curve_of(points: Sequence[tuple[float, float]], examples: Examples) -> Curve:
    """The curve of a router that can be at these points."""
    arms = list(zip(examples.mean_costs.tolist(), examples.mean_scores.tolist(), strict=True))
    costs, scores = zip(*hull([*points, *arms]), strict=True)
    weak = min(arms, key=lambda p: (p[0], -p[1]))
    strong = max(arms)
    return Curve(np.array(costs), np.array(scores), weak, strong)


def points_of(replayed: Replayed, examples: Examples, sweep: Any = None) -> list[tuple[float, float]]:
    """Where a router can be: as it decided, and for one that expects qualities at every cost weight of a grid.

    ``sweep``: further points, such as a probe's thresholds.
    """
    here = (float(np.nanmean(replayed.costs)), float(np.nanmean(replayed.scores)))
    points = [here, *(sweep or [])]
    if replayed.quality is None or replayed.expected_costs is None:
        return points
    rows = np.arange(len(examples))
    free = replayed.expected_costs == 0.0  # probes that have run
    for cost_weight in COST_WEIGHTS:
        best = (replayed.quality - cost_weight * replayed.expected_costs).argmax(1)
        probed = np.where(free, examples.costs, 0.0).sum(1)
        own = np.where(free[rows, best], 0.0, examples.costs[rows, best])
        points.append((float((probed + own).mean()), float(examples.scores[rows, best].mean())))
    return points
