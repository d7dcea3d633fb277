"""Sums over clusters."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike, NDArray

Floats = NDArray[np.float64]


def by_cluster(values: ArrayLike, clusters: Sequence[str]) -> tuple[Floats, Floats]:
    """Sum and number of known values in each cluster that has any, both of shape (clusters,)."""
    array = np.asarray(values, float)
    known = ~np.isnan(array)
    if not known.any():
        return np.empty(0), np.empty(0)
    _, codes = np.unique(np.asarray(clusters, dtype=object)[known].astype(str), return_inverse=True)
    return np.bincount(codes, array[known]).astype(np.float64), np.bincount(codes).astype(np.float64)


def effective(counts: Floats) -> float:
    """How many clusters of equal size would tell as much: (sum of sizes)² / (sum of squared sizes), Kish 1965.

    At least 2, so that there is a degree of freedom.
    """
    return max(2.0, float(counts.sum() ** 2 / (counts**2).sum()))
