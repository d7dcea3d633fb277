"""Two samples of features against each other: one by one, and by a classifier that sees all."""

from __future__ import annotations

from dataclasses import dataclass
from math import nan

import numpy as np
from numpy.typing import NDArray

from lcrag.routers.learning.parts import document_parts
from lcrag.statistics.clustered_auc import clustered_auc
from lcrag.statistics.clusters import by_cluster

Rows = NDArray[np.float32]
Numbers = NDArray[np.int64]

FOLDS = 5
BINS = 10  # of the population stability index
FLOOR = 1e-3  # share of an empty bin, so that the index is finite


@dataclass(frozen=True)
class FeatureDrift:
    """How far one feature has moved.

    Attributes:
        name: the feature.
        training: its mean in training; NaN if it was never known.
        live: its mean now.
        psi: population stability index over tenths of the training's distribution; from 0.25 on one speaks of a shift.
        distance: Kolmogorov-Smirnov distance of the two distributions.
        p_value: of the distance, corrected over all features and the classifier (Holm).
    """

    name: str
    training: float
    live: float
    psi: float
    distance: float
    p_value: float


def feature_drift(
    name: str, training: Rows, live: Rows, training_clusters: Numbers, live_clusters: Numbers
) -> FeatureDrift:
    """One feature, with the p-value uncorrected; NaN where it is not known on both sides."""
    from scipy.stats import ks_2samp, kstwobign

    sides = [
        (v[~np.isnan(v)], c[~np.isnan(v)]) for v, c in ((training, training_clusters), (live, live_clusters))
    ]
    (old, old_clusters), (new, new_clusters) = sides
    before, now = (float(side.mean()) if len(side) else nan for side in (old, new))
    if not len(old) or not len(new):
        return FeatureDrift(name, before, now, nan, nan, nan)
    distance = float(ks_2samp(old, new, method="asymp").statistic)
    n, m = independent(old, old_clusters), independent(new, new_clusters)
    p = float(kstwobign.sf(np.sqrt(n * m / (n + m)) * distance))
    return FeatureDrift(name, before, now, stability_index(old, new), distance, p)


def independent(values: Rows, clusters: Numbers) -> float:
    """How many independent values would tell as much of the distribution, judged by the values' ranks."""
    from scipy.stats import rankdata

    deviations = rankdata(values) - (len(values) + 1) / 2
    sums, _ = by_cluster(deviations, clusters)  # type: ignore[arg-type]
    total, groups = float((deviations**2).sum()), len(sums)
    if groups < 2 or not total:
        return float(len(values))
    design = groups / (groups - 1) * float((sums**2).sum()) / total
    return len(values) / max(1.0, design)


def stability_index(training: Rows, live: Rows) -> float:
    """Population stability index: the sum of (q - p) log(q / p) over the training's tenths, or its values if few."""
    edges = np.unique(training)
    if len(edges) > BINS:
        edges = np.unique(np.quantile(training, np.linspace(0, 1, BINS + 1)[1:-1]))
    counts = [
        np.bincount(np.searchsorted(edges, side, "right"), minlength=len(edges) + 1)
        for side in (training, live)
    ]
    p, q = (np.maximum(c / c.sum(), FLOOR) for c in counts)
    return float(((q - p) * np.log(q / p)).sum())


def domain_auc(
    training: Rows, live: Rows, training_clusters: Numbers, live_clusters: Numbers
) -> tuple[float, float, float]:
    """AUC of a logistic regression on documents that it has not seen, the lower bound of its interval, its p-value."""
    from scipy.stats import t
    from sklearn.linear_model import LogisticRegression

    groups = [f"t{c}" for c in training_clusters] + [f"l{c}" for c in live_clusters]
    is_live = np.arange(len(groups)) >= len(training)
    rows = np.vstack([training, live]).astype(float)
    rows = np.nan_to_num(rows - _means(rows))  # what is not known is average
    spread = rows.std(0)
    rows /= np.where(spread > 0, spread, 1.0)
    scores = np.zeros(len(rows))
    every = np.arange(len(rows))
    old, new = (
        [
            every[mask][part]
            for part in document_parts([g for g, m in zip(groups, mask, strict=True) if m], FOLDS)
        ]
        for mask in (~is_live, is_live)
    )
    folds = min(len(old), len(new))
    if folds < 2:
        return nan, nan, nan
    for fold in range(folds):
        test = np.concatenate([*old[fold::folds], *new[fold::folds]])
        train = np.setdiff1d(every, test)
        model = LogisticRegression(C=0.1, class_weight="balanced", max_iter=1000).fit(
            rows[train], is_live[train]
        )
        scores[test] = model.decision_function(rows[test])
    names = np.array(groups)
    auc, error, freedom = clustered_auc(
        scores[is_live], scores[~is_live], names[is_live].tolist(), names[~is_live].tolist()
    )
    p = float(t.sf((auc - 0.5) / error, freedom)) if error > 0 else float(auc <= 0.5)
    return auc, auc - float(t.ppf(0.975, freedom)) * error, p


def _means(rows: NDArray[np.float64]) -> NDArray[np.float64]:
    known = ~np.isnan(rows)
    means: NDArray[np.float64] = np.where(known, rows, 0.0).sum(0) / np.maximum(known.sum(0), 1)
    return means
