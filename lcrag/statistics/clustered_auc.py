"""The area under the ROC curve where scores of one cluster are not independent."""

from __future__ import annotations

from collections.abc import Sequence
from math import nan

import numpy as np
from numpy.typing import ArrayLike

from lcrag.statistics.clusters import Floats, by_cluster


def clustered_auc(
    positive: ArrayLike,
    negative: ArrayLike,
    positive_clusters: Sequence[str],
    negative_clusters: Sequence[str],
) -> tuple[float, float, float]:
    """AUC, its standard error, and the degrees of freedom of that (Obuchowski 1997, for clusters of one class each).

    Args:
        positive: scores that should be the higher ones.
        negative: the others.
        positive_clusters: the cluster of each positive score.
        negative_clusters: likewise; no cluster has scores of both.

    Returns:
        NaN for the error where a class has one cluster only.
    """
    from scipy.stats import rankdata

    x, y = np.asarray(positive, float), np.asarray(negative, float)
    ranks = rankdata(np.concatenate([x, y]))
    above = (ranks[: len(x)] - rankdata(x)) / len(y)  # share of negatives below each positive
    below = 1 - (ranks[len(x) :] - rankdata(y)) / len(x)
    auc = float(above.mean())
    variances, groups = [], []
    for shares, clusters in ((above, positive_clusters), (below, negative_clusters)):
        sums, counts = by_cluster(shares, clusters)
        variances.append(_variance(sums - auc * counts, len(shares)))
        groups.append(len(sums))
    return auc, float(np.sqrt(sum(variances))), float(min(groups) - 1)


def _variance(sums: Floats, count: int) -> float:
    """Of the mean of ``count`` values with these sums of deviations by cluster."""
    groups = len(sums)
    return nan if groups < 2 else float(groups / (groups - 1) * (sums**2).sum() / count**2)
