"""Intervals for scores that are crossed: the same models answered the questions on the same documents."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike

from lcrag.statistics.clusters import Floats, by_cluster, effective
from lcrag.statistics.mean import Interval


def two_way_mean(
    values: ArrayLike, first: Sequence[str], second: Sequence[str], *, confidence: float = 0.95
) -> Interval:
    """The mean and an interval for new clusters of both kinds, such as new documents and new models.

    The variance is that of Cameron, Gelbach and Miller 2011 (doi 10.1198/jbes.2010.07136): clustered by the one plus
    clustered by the other, minus clustered by both at once; never less than the larger of the first two. The interval
    is Student's t, with the degrees of freedom of the fewer clusters (counted as if of equal size).

    Args:
        values: scores, shape (questions,); NaN are left out.
        first: the one cluster of each question.
        second: the other.
        confidence: coverage of the interval.
    """
    from scipy.special import stdtrit

    cells = [f"{a}\n{b}" for a, b in zip(first, second, strict=True)]
    ways = [by_cluster(values, clusters) for clusters in (first, second, cells)]
    n = int(ways[0][1].sum())
    if n == 0:
        return Interval(np.nan, np.nan, np.nan, 0, 0, "nothing was scored")
    mean = float(ways[0][0].sum() / n)
    fewer = min(len(counts) for _, counts in ways)
    if fewer == 1:
        return Interval(mean, np.nan, np.nan, n, 1, "one cluster gives no interval")
    one, other, both = (_variance(sums - mean * counts, n) for sums, counts in ways)
    error = np.sqrt(max(one, other, one + other - both))
    degrees = min(effective(counts) for _, counts in ways[:2]) - 1
    margin = float(stdtrit(degrees, (1 + confidence) / 2) * error)
    return Interval(mean, mean - margin, mean + margin, n, fewer)


def _variance(residuals: Floats, n: int) -> float:
    groups = len(residuals)
    return float(groups / (groups - 1) * (residuals**2).sum() / n**2)
