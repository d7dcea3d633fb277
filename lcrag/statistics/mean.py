"""A mean with a confidence interval that holds for few clusters, too."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from lcrag.statistics.clusters import Floats, by_cluster, effective

BLOCK = 4_000_000  # draws held in memory at a time


@dataclass(frozen=True)
class Interval:
    """A mean with a confidence interval.

    Attributes:
        mean: The mean over all known values; NaN without any.
        low: The lower bound, NaN where there is a ``reason``.
        high: The upper bound, likewise.
        n: The number of known values.
        clusters: The number of clusters that they are in.
        reason: Why there are no bounds; empty where there are.
    """

    mean: float
    low: float
    high: float
    n: int
    clusters: int
    reason: str = ""


def clustered_mean(
    values: ArrayLike,
    clusters: Sequence[str],
    *,
    confidence: float = 0.95,
    resamples: int = 9999,
    seed: int = 0,
) -> Interval:
    """The mean and its expanded percentile bootstrap interval, with whole documents resampled.

    Questions on one document are not independent (Miller 2024, arXiv 2411.00640, section 2.2), so
    documents are drawn with replacement and the mean taken over all questions drawn. The plain percentile interval is
    too narrow for few documents; it is expanded as Hesterberg 2015 (arXiv 1411.5279, section 3.3) does, with the number
    of clusters of equal size that would tell as much. In simulations with binary scores on documents of unequal size
    it covers the truth in 93 to 97% of cases at 8, 20 and 40 documents; the plain one did in 84 to 91% at 8. At a mean
    above 0.8 with documents that differ much, 8 documents cover 92%.

    Args:
        values: scores, shape (questions,); NaN are left out, not counted as 0.
        clusters: the document of each question.
        confidence: coverage of the interval.
        resamples: bootstrap samples.
        seed: seeds the resampling.
    """
    sums, counts = by_cluster(values, clusters)
    n, groups = int(counts.sum()), len(counts)
    if n == 0:
        return Interval(np.nan, np.nan, np.nan, 0, 0, "nothing was scored")
    mean = float(sums.sum() / n)
    if groups == 1:
        return Interval(mean, np.nan, np.nan, n, 1, "one document gives no interval")
    tail = expanded_tail((1 - confidence) / 2, effective(counts))
    low, high = np.quantile(resampled_means(sums, counts, resamples, seed), [tail, 1 - tail])
    return Interval(mean, float(low), float(high), n, groups)


def expanded_tail(tail: float, clusters: float) -> float:
    """The share to cut off each end of the bootstrap distribution, for a nominal ``tail``.

    The normal quantile becomes that of Student's t, and the bootstrap's variance, which is (n - 1) / n of the unbiased
    one, is made good.
    """
    from scipy.special import ndtr, stdtrit

    return float(ndtr(np.sqrt(clusters / (clusters - 1)) * stdtrit(clusters - 1, tail)))


def resampled_means(sums: Floats, counts: Floats, resamples: int, seed: int) -> Floats:
    """Means of bootstrap samples of whole clusters, shape (resamples,)."""
    rng, groups = np.random.default_rng(seed), len(sums)
    rows = max(1, BLOCK // groups)
    equal = bool(
        (counts == counts[0]).all()
    )  # then every sample has as many values, which saves half of the time
    means = []
    for start in range(0, resamples, rows):
        drawn = rng.integers(0, groups, size=(min(rows, resamples - start), groups), dtype=np.int32)
        sizes = counts.sum() if equal else counts[drawn].sum(axis=1)
        means.append(sums[drawn].sum(axis=1) / sizes)
    return np.concatenate(means)
