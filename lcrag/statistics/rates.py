"""A share of yes among yes and no, with an interval that has a width also at 0 and 1."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from lcrag.statistics.clusters import by_cluster, effective


@dataclass(frozen=True)
class Rate:
    """A share with a confidence interval.

    Attributes:
        mean: The share; NaN where nothing is known.
        low: The lower bound.
        high: The upper bound.
        n: The number of known values.
        clusters: The number of clusters that they are in.
        effective_n: The number of independent values that would give the same error.
        degrees: Degrees of freedom of Student's t: the effective number of clusters minus one.
    """

    mean: float
    low: float
    high: float
    n: int
    clusters: int
    effective_n: float
    degrees: float


def clustered_rate(values: ArrayLike, clusters: Sequence[str], *, confidence: float = 0.95) -> Rate:
    """A share and Wilson's interval for the effective sample size, with the quantile of Student's t.

    The effective sample size is the binomial variance divided by the cluster-robust one (Franco et al. 2019, doi
    10.1093/jssam/smy019, compare such intervals), at most the number of values. Where all values are the same their
    clusters say nothing about it; then each cluster counts once.

    Args:
        values: 0 or 1, shape (rows,); NaN are left out.
        clusters: the document of each row.
        confidence: coverage of the interval.
    """
    from scipy.special import stdtrit

    sums, counts = by_cluster(values, clusters)
    n, groups = int(counts.sum()), len(counts)
    if n == 0:
        return Rate(np.nan, np.nan, np.nan, 0, 0, 0.0, np.nan)
    mean = float(sums.sum() / n)
    size = effective(counts) if groups > 1 else 1.0
    if 0 < mean < 1 and groups > 1:
        variance = groups / (groups - 1) * float(((sums - mean * counts) ** 2).sum()) / n**2
        size = min(float(n), mean * (1 - mean) / variance) if variance > 0 else float(n)
    degrees = effective(counts) - 1
    q = float(stdtrit(degrees, (1 + confidence) / 2))
    centre = (mean + q**2 / (2 * size)) / (1 + q**2 / size)
    margin = q / (1 + q**2 / size) * np.sqrt(mean * (1 - mean) / size + (q / (2 * size)) ** 2)
    low, high = max(0.0, centre - margin), min(1.0, centre + margin)
    return Rate(mean, float(low), float(high), n, groups, size, degrees)
