"""Quality against cost: one curve for each router, and the figures that summarise it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import nan
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lcrag.replay.replayed import Replayed
from lcrag.routers.learning.examples import Examples
from lcrag.routers.probe import ProbeRouter

COST_WEIGHTS = (0.0, *np.geomspace(0.005, 5.0, 25).tolist())
SHARES = (0.5, 0.8, 0.95)  # of the gap, for CPT
MIXED = "strategies mixed"  # the curve of no router: the strategies mixed at random


@dataclass(frozen=True)
class Curve:
    """The mean costs and mean scores that a router can reach.

    Between two points, queries are given to one or the other at random; so a curve also has the points of the
    strategies by themselves, and it is a hull: RouterBench's non-decreasing convex hull.

    Attributes:
        costs: Mean costs of the points, ascending.
        scores: Mean scores of the points; each is higher than that of a cheaper point.
        weak: (cost, score) of the cheapest strategy.
        strong: (cost, score) of the dearest strategy.
    """

    costs: NDArray[np.float64]
    scores: NDArray[np.float64]
    weak: tuple[float, float]
    strong: tuple[float, float]

    def at(self, costs: Any) -> Any:
        """The score at a mean cost, between points by mixing the two; beyond the last point it stays the same."""
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

        The mean is over costs, not over shares of strong calls as in the paper, because a router that escalates pays
        for both strategies. NaN where the strong strategy is not better: there is no gap to recover.
        """
        gap = self.strong[1] - self.weak[1]
        return (self.aiq - self.weak[1]) / gap if gap > 0 else nan

    def cpt(self, share: float) -> float:
        """The lowest cost, from 0 (weak) to 1 (strong), that recovers ``share`` of the gap; NaN if none does."""
        gap = self.strong[1] - self.weak[1]
        width = self.strong[0] - self.weak[0]
        if not (gap > 0 and width > 0):
            return nan
        target = self.weak[1] + share * gap
        costs = np.linspace(self.weak[0], self.strong[0], 2001)
        sufficient = np.flatnonzero(self.at(costs) >= target - 1e-12)
        return float((costs[sufficient[0]] - self.weak[0]) / width) if len(sufficient) else nan


def hull(points: Sequence[tuple[float, float]]) -> list[tuple[float, float]]:
    """The points on the upper-left hull: slopes descend, and every point is better than all cheaper ones."""
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
    """The curve of a router that can reach these (cost, score) points."""
    strategies = list(zip(examples.mean_costs.tolist(), examples.mean_scores.tolist(), strict=True))
    costs, scores = zip(*hull([*points, *strategies]), strict=True)
    weak = min(strategies, key=lambda p: (p[0], -p[1]))
    strong = max(strategies)
    return Curve(np.array(costs), np.array(scores), weak, strong)


def points_of(replayed: Replayed, examples: Examples, router: Any = None) -> list[tuple[float, float]]:
    """The mean (cost, score) of each of ``options_of``."""
    costs, scores = options_of(replayed, examples, router)
    return list(zip(np.nanmean(costs, axis=1).tolist(), np.nanmean(scores, axis=1).tolist(), strict=True))


def options_of(
    replayed: Replayed, examples: Examples, router: Any = None
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Costs and scores of all that a router can be set to, each of shape (options, N).

    That is what it decided, for a router that expects qualities what every cost weight of a grid would decide, and
    for a probe what every threshold would.

    Args:
        replayed: what the router decided.
        examples: the queries that it decided.
        router: the router, for the thresholds of a probe.
    """
    costs, scores = [replayed.costs], [replayed.scores]
    if isinstance(router, ProbeRouter):
        for cost, score in router.threshold_options(examples):
            costs.append(cost)
            scores.append(score)
    if replayed.quality is None or replayed.expected_costs is None:
        return np.array(costs), np.array(scores)
    rows = np.arange(len(examples))
    is_probe = np.isin(examples.strategies, replayed.probes)
    probe_costs = examples.costs[:, is_probe].sum(1)
    answer_costs = np.where(is_probe, 0.0, examples.costs)  # a probe is paid for already
    for cost_weight in COST_WEIGHTS:
        best = (replayed.quality - cost_weight * replayed.expected_costs).argmax(1)
        costs.append(probe_costs + answer_costs[rows, best])
        scores.append(examples.scores[rows, best])
    return np.array(costs), np.array(scores)
