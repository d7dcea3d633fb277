"""Soft clusters of vectors, as RAPTOR uses them for its summaries (Sarthi et al. 2024, arXiv 2401.18059, section 3)."""

from __future__ import annotations

import warnings
from collections.abc import Iterable, Sequence
from functools import cache
from math import isqrt
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

DIMENSIONS = 10
LOCAL_NEIGHBOURS = 10  # within a cluster; among all n items √(n - 1), as in the paper's code
MIN_PROBABILITY = 0.1  # from which an item belongs to a cluster, as in the paper's code
MAX_CLUSTERS = 50
MAX_SHARE = 0.8  # a cluster with more of the items than this share was not really divided


def summary_clusters(
    vectors: NDArray[np.float32], sizes: Sequence[int], max_size: int, seed: int = 0
) -> list[list[int]]:
    """Clusters that fit into one summary each, as ascending row numbers; every row is in at least one.

    Clusters first among all rows, then within each of these clusters. A cluster that is too large is clustered again;
    where that hardly divides it, it is cut into neighbours. Only a single row may be larger than ``max_size``.

    Args:
        vectors: shape (items, dimension), in the order of the text.
        sizes: the size of each item, such as its tokens.
        max_size: the maximum sum of the sizes in a cluster.
        seed: seeds the mixtures.
    """

    @cache  # a cluster that is too large is clustered again, sometimes in the same way
    def divided(rows: tuple[int, ...], neighbours: int) -> list[tuple[int, ...]]:
        return [
            tuple(rows[i] for i in members)
            for members in soft_clusters(vectors[list(rows)], neighbours, seed)
        ]

    def global_then_local(rows: tuple[int, ...]) -> Iterable[tuple[int, ...]]:
        for group in divided(rows, isqrt(len(rows) - 1)):
            yield from divided(group, LOCAL_NEIGHBOURS)

    def fitting(rows: tuple[int, ...]) -> Iterable[tuple[int, ...]]:
        for cluster in dict.fromkeys(global_then_local(rows)):
            if len(cluster) == 1 or sum(sizes[i] for i in cluster) <= max_size:
                yield cluster
            elif len(cluster) <= MAX_SHARE * len(rows):
                yield from fitting(cluster)
            else:
                yield from _neighbours(cluster, sizes, max_size)

    return [list(cluster) for cluster in dict.fromkeys(fitting(tuple(range(len(vectors)))))]


def soft_clusters(vectors: NDArray[np.float32], neighbours: int, seed: int = 0) -> list[list[int]]:
    """Clusters as lists of row numbers; a row is in one cluster or several. Eleven rows or fewer are one cluster.

    Gaussian mixtures on 10 dimensions; the Bayesian information criterion chooses the number of clusters. A row belongs
    to its most probable cluster, however improbable, so that none is lost. The paper reduces dimensions with UMAP; this
    stops at the spectral embedding of the neighbour graph, from which UMAP starts, and needs no other package.
    Principal components of a novel's chunks show no clusters: their mixtures had hundreds of chunks.

    Args:
        vectors: unit vectors, shape (items, dimension).
        neighbours: edges of each item in the graph: many for the large clusters, few for the small ones.
        seed: seeds the embedding and the mixtures.
    """
    import numpy as np
    from sklearn.mixture import GaussianMixture

    full = np.asarray(vectors, dtype=np.float64)
    count = len(full)
    if count <= DIMENSIONS + 1 or len(np.unique(full.round(6), axis=0)) <= 2:
        return [list(range(count))]
    reduced = _reduced(full, neighbours, seed)
    distinct = len(np.unique(reduced.round(3), axis=0))
    mixtures = [
        GaussianMixture(n, covariance_type="diag", reg_covar=1e-4, random_state=seed).fit(reduced)
        for n in range(1, min(MAX_CLUSTERS, max(2, distinct // 2)) + 1)
    ]
    best = min(mixtures, key=lambda m: float(m.bic(reduced)))
    probabilities = best.predict_proba(reduced)
    members = probabilities > MIN_PROBABILITY
    members[np.arange(count), probabilities.argmax(axis=1)] = True
    return [rows for column in members.T if (rows := np.flatnonzero(column).tolist())]


def _reduced(vectors: NDArray[np.float64], neighbours: int, seed: int) -> NDArray[np.float64]:
    """The spectral embedding, shape (items, 10), each dimension with variance 1."""
    from sklearn.manifold import SpectralEmbedding

    edges = min(neighbours + 1, len(vectors))  # the first is the item itself
    model = SpectralEmbedding(DIMENSIONS, affinity="nearest_neighbors", n_neighbors=edges, random_state=seed)
    with warnings.catch_warnings():  # a graph in several pieces is already clustered
        warnings.filterwarnings("ignore", message="Graph is not fully connected")
        reduced: NDArray[np.float64] = model.fit_transform(vectors)
    reduced /= reduced.std(axis=0).clip(1e-12)
    return reduced


def _neighbours(rows: Sequence[int], sizes: Sequence[int], max_size: int) -> list[tuple[int, ...]]:
    """The rows in their order, in runs that are not larger than ``max_size``."""
    runs: list[list[int]] = []
    size = 0
    for row in rows:
        if not runs or size + sizes[row] > max_size:
            runs.append([])
            size = 0
        runs[-1].append(row)
        size += sizes[row]
    return [tuple(run) for run in runs]
