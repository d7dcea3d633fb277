"""How far two or more raters agree beyond chance."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike

from lcrag.statistics.linear import influence_interval
from lcrag.statistics.mean import Interval


def cohen_kappa(
    first: ArrayLike, second: ArrayLike, clusters: Sequence[str], *, confidence: float = 0.95
) -> Interval:
    """Cohen's kappa (1960), (observed - expected) / (1 - expected) agreement, with a cluster-robust interval.

    The interval is the delta method's and is cut at -1 and 1. Without any expected disagreement (both raters give
    one and the same label throughout) kappa is not defined: NaN.

    Args:
        first: labels of one rater, shape (rows,); a row that is NaN for either rater is left out.
        second: labels of the other.
        clusters: the document of each row.
        confidence: coverage of the interval.
    """
    a, b = np.asarray(first, float), np.asarray(second, float)
    known = ~np.isnan(a + b)
    a, b = a[known], b[known]
    names = [c for c, k in zip(clusters, known, strict=True) if k]
    if not len(a):
        return Interval(np.nan, np.nan, np.nan, 0, 0, "nothing was rated by both")
    agrees = (a == b).astype(float)
    observed, expected = float(agrees.mean()), 0.0
    moves = np.zeros(len(a))  # of the expected agreement
    for label in np.union1d(a, b):
        is_a, is_b = (a == label).astype(float), (b == label).astype(float)
        expected += is_a.mean() * is_b.mean()
        moves += (is_a - is_a.mean()) * is_b.mean() + (is_b - is_b.mean()) * is_a.mean()
    if expected >= 1:
        return Interval(np.nan, np.nan, np.nan, len(a), len(set(names)), "all labels are the same")
    kappa = (observed - expected) / (1 - expected)
    influence = ((agrees - observed) - (1 - observed) / (1 - expected) * moves) / (1 - expected) / len(a)
    found = influence_interval(kappa, influence, names, confidence=confidence)
    low, high = (min(1.0, max(-1.0, round(x, 12))) for x in (found.low, found.high))
    return Interval(kappa, low, high, found.n, found.clusters, found.reason)


def fleiss_kappa(ratings: ArrayLike) -> float:
    """Fleiss' kappa (1971) of three or more raters who all rated every row.

    Args:
        ratings: labels, shape (rows, raters), without NaN.

    Returns:
        (mean agreement of pairs - expected) / (1 - expected); NaN where all labels are the same.
    """
    labels = np.asarray(ratings)
    rows, raters = labels.shape
    counts = np.stack([(labels == label).sum(axis=1) for label in np.unique(labels)], axis=1)
    shares = counts.sum(axis=0) / (rows * raters)
    expected = float((shares**2).sum())
    observed = float(((counts**2).sum(axis=1) - raters).mean() / (raters * (raters - 1)))
    return (observed - expected) / (1 - expected) if expected < 1 else float("nan")
