"""Intervals for statistics that are nearly linear in the rows, from each row's influence."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike

from lcrag.statistics.clusters import by_cluster, effective
from lcrag.statistics.mean import Interval


def influence_interval(
    estimate: float, influence: ArrayLike, clusters: Sequence[str], *, confidence: float = 0.95
) -> Interval:
    """Student's t interval of an estimate whose error is the sum of the rows' influences (the delta method).

    Rows of one cluster are summed first, so that they need not be independent.

    Args:
        estimate: the statistic.
        influence: how far each row moves it, shape (rows,); the values sum to 0.
        clusters: the document of each row.
        confidence: coverage of the interval.
    """
    from scipy.special import stdtrit

    sums, counts = by_cluster(influence, clusters)
    n, groups = int(counts.sum()), len(counts)
    if np.isnan(estimate) or groups < 2:
        reason = "it cannot be computed" if np.isnan(estimate) else "one document gives no interval"
        return Interval(estimate, np.nan, np.nan, n, groups, reason)
    error = np.sqrt(groups / (groups - 1) * (sums**2).sum())
    margin = float(stdtrit(effective(counts) - 1, (1 + confidence) / 2) * error)
    return Interval(estimate, estimate - margin, estimate + margin, n, groups)


def clustered_difference(
    values: ArrayLike, is_first: ArrayLike, clusters: Sequence[str], *, confidence: float = 0.95
) -> Interval:
    """The mean of one group of rows minus that of the others, with an interval for new documents.

    A document may have rows in both groups.

    Args:
        values: numbers, shape (rows,); NaN are left out.
        is_first: which rows are in the first group, shape (rows,).
        clusters: the document of each row.
        confidence: coverage of the interval.
    """
    array, first = np.asarray(values, float), np.asarray(is_first, bool)
    known = ~np.isnan(array)
    array, first = array[known], first[known]
    names = [c for c, k in zip(clusters, known, strict=True) if k]
    if not first.any() or first.all():
        return Interval(np.nan, np.nan, np.nan, len(array), len(set(names)), "one of the groups is empty")
    means = array[first].mean(), array[~first].mean()
    influence = np.where(first, (array - means[0]) / first.sum(), -(array - means[1]) / (~first).sum())
    return influence_interval(float(means[0] - means[1]), influence, names, confidence=confidence)
