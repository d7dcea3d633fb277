"""Soft clusters of vectors, as RAPTOR uses them for its summaries."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

DIMENSIONS = 10
MIN_PROBABILITY = 0.1  # from which an item belongs to a cluster, as in the paper's code
MAX_CLUSTERS = 50


def soft_clusters(vectors: NDArray[np.float32], seed: int = 0) -> list[list[int]]:
    """Clusters as lists of row numbers; a row can be in several clusters.

    Gaussian mixtures on 10 dimensions; the Bayesian information criterion chooses the number of clusters (Sarthi et
    al. 2024, arXiv 2401.18059, section 3, and its code). The paper reduces dimensions with UMAP; this uses principal
    components, which need no other package and give the same result on every machine.

    Args:
        vectors: shape (items, dimension).
        seed: seeds the mixtures.
    """
    import numpy as np
    from sklearn.decomposition import PCA
    from sklearn.mixture import GaussianMixture

    full = np.asarray(vectors, dtype=np.float64)
    count, distinct = len(full), len(np.unique(full.round(6), axis=0))
    if distinct <= 2:
        return [list(range(count))]
    reduced = PCA(min(DIMENSIONS, count - 1), svd_solver="full").fit_transform(full)
    mixtures = [
        GaussianMixture(n, covariance_type="diag", reg_covar=1e-4, random_state=seed).fit(reduced)
        for n in range(1, min(MAX_CLUSTERS, max(2, distinct // 2)) + 1)
    ]
    best = min(mixtures, key=lambda m: float(m.bic(reduced)))
    members = best.predict_proba(reduced) > MIN_PROBABILITY
    return [rows for column in members.T if (rows := np.flatnonzero(column).tolist())]
