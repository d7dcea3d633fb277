"""Soft clusters of vectors, as RAPTOR makes them for its summaries."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

DIMENSIONS = 10
LIKELY = 0.1  # an item belongs to every cluster of which it is that probable
MOST = 50


def soft_clusters(vectors: NDArray[np.float32], seed: int = 0) -> list[list[int]]:
    """Clusters as lists of row numbers; a row can be in several.

    Gaussian mixtures, their number by the Bayesian information criterion, on 10 dimensions (Sarthi et al. 2024,
    arXiv 2401.18059, section 3, and its code). The paper reduces by UMAP; this reduces by principal components,
    which need no other package and come out the same on every machine.

    Args:
        vectors: shape (items, dimension).
        seed: of the mixtures' starts.
    """
    import numpy as np
    from sklearn.decomposition import PCA
    from sklearn.mixture import GaussianMixture

    wide = np.asarray(vectors, dtype=np.float64)
    count, distinct = len(wide), len(np.unique(wide.round(6), axis=0))
    if distinct <= 2:
        return [list(range(count))]
    small = PCA(min(DIMENSIONS, count - 1), svd_solver="full").fit_transform(wide)
    fitted = [
        GaussianMixture(n, covariance_type="diag", reg_covar=1e-4, random_state=seed).fit(small)
        for n in range(1, min(MOST, max(2, distinct // 2)) + 1)
    ]
    best = min(fitted, key=lambda m: float(m.bic(small)))
    likely = best.predict_proba(small) > LIKELY
    return [rows for column in likely.T if (rows := np.flatnonzero(column).tolist())]
