"""The Pareto frontier: what no other point beats in both cost and score."""

from __future__ import annotations

from collections.abc import Sequence
from math import isnan


def pareto(costs: Sequence[float], scores: Sequence[float]) -> list[bool]:
    """For each point whether no other is as good for less or better for as little; NaN never is on it."""
    points = list(zip(costs, scores, strict=True))

    def beaten(cost: float, score: float) -> bool:
        return any(
            (c <= cost and s >= score) and (c < cost or s > score)
            for c, s in points
            if not (isnan(c) or isnan(s))
        )

    return [not (isnan(c) or isnan(s)) and not beaten(c, s) for c, s in points]
