"""The Pareto frontier: the points that no other point beats."""

from __future__ import annotations

from collections.abc import Sequence
from math import isnan


def pareto(costs: Sequence[float], scores: Sequence[float]) -> list[bool]:
    """Whether each point is on the frontier: no other costs less and is as good, or costs no more and is better.

    A point with NaN is never on the frontier.
    """
    points = list(zip(costs, scores, strict=True))

    def beaten(cost: float, score: float) -> bool:
        return any(
            (c <= cost and s >= score) and (c < cost or s > score)
            for c, s in points
            if not (isnan(c) or isnan(s))
        )

    return [not (isnan(c) or isnan(s)) and not beaten(c, s) for c, s in points]
