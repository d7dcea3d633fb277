"""Whether an application's questions are still such as its router learned from."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from math import nan
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lcrag.errors import LcragError
from lcrag.routers.base import Router
from lcrag.routers.learning.inputs import InputSample, feature_rows
from lcrag.routers.learning.parts import document_parts
from lcrag.routers.learning.scoring import ScoringState
from lcrag.serving.feedback_table import clusters_of
from lcrag.serving.served import ServedAnswer
from lcrag.statistics.clustered_auc import clustered_auc
from lcrag.statistics.clusters import by_cluster
from lcrag.statistics.paired import holm
from lcrag.tables import known, many, p_value, ruled, wrapped

Rows = NDArray[np.float32]
Numbers = NDArray[np.int64]

LEVEL = 0.05
MIN_QUESTIONS = 30
MAX_QUESTIONS = 5_000  # the latest; more do not change a verdict
FOLDS = 5
SHOWN = 8  # features in the table
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


@dataclass(frozen=True)
class Drift:
    """Live questions against those of training.

    Attributes:
        features: from the one that moved most.
        auc: of a classifier that tells live questions from those of training, on documents it has not seen; 0.5 if they
            are alike.
        auc_low: lower bound of its 95% interval.
        auc_p_value: one-sided, corrected as those of features.
        questions: live questions.
        documents: documents that they are on.
        training: training questions.
    """

    features: tuple[FeatureDrift, ...]
    auc: float
    auc_low: float
    auc_p_value: float
    questions: int
    documents: int
    training: int

    @property
    def drifted(self) -> bool:
        """Whether any test is significant at 5% after the correction for all of them."""
        return any(p < LEVEL for p in (self.auc_p_value, *(f.p_value for f in self.features)))

    @property
    def verdict(self) -> str:
        """One sentence."""
        seen = f"{many(self.questions, 'question')} on {many(self.documents, 'document')}"
        if self.questions < MIN_QUESTIONS:
            return f"{seen} are too few to tell: at least {MIN_QUESTIONS} are needed."
        if not self.drifted:
            return f"No sign of drift in {seen}."
        moved = [f.name for f in self.features if f.p_value < LEVEL]
        what = (
            f" in {', '.join(moved[:4])}" + (f" and {len(moved) - 4} more" * (len(moved) > 4))
            if moved
            else ""
        )
        return (
            f"{seen} differ from those that the router learned from{what} (a classifier tells them apart with AUC "
            f"{self.auc:.2f}): what it learned may not hold; fit it again on questions like these."
        )

    def __str__(self) -> str:
        header = ["feature", "training", "live", "PSI", "KS", "p (Holm)"]
        rows = [
            [f.name, f"{f.training:.3g}", f"{f.live:.3g}", known(f.psi, ".2f"), known(f.distance, ".2f"),
             p_value(f.p_value)]
            for f in self.features[:SHOWN]
        ]  # fmt: skip
        classifier = ["all (AUC)", "", f"{self.auc:.2f}", "", "", p_value(self.auc_p_value)]
        return "\n".join([*ruled([header, *rows, classifier]), *wrapped([self.verdict])])


def drift(router: Router | None, answers: Sequence[ServedAnswer]) -> Drift:
    """Compare live questions with those that a router learned from.

    Questions on one document are alike, so every test counts as many questions as independent ones would tell as much
    (the design effect of the feature's ranks, Kish 1965).

    Args:
        router: a fitted router; its file holds a sample of its training questions' features.
        answers: what was asked, scored or not.

    Raises:
        LcragError: the router keeps no sample, or nothing was asked.
    """
    sample = _sample(router)
    answers = list(answers)[-MAX_QUESTIONS:]
    if not answers:
        raise LcragError("Nothing was asked yet: there is no drift to tell.")
    names = list(sample.names)
    live = feature_rows([a.query() for a in answers], names)
    clusters = clusters_of(answers)
    numbers = np.unique(np.array(clusters, dtype=object).astype(str), return_inverse=True)[1]
    features = [
        _feature(name, sample.rows[:, i], live[:, i], sample.clusters, numbers)
        for i, name in enumerate(names)
    ]
    auc, low, p = _classifier(sample, live, numbers)
    *corrected, auc_p = holm([*(f.p_value for f in features), p])
    features = [replace(f, p_value=value) for f, value in zip(features, corrected, strict=True)]
    features.sort(key=lambda f: (np.nan_to_num(f.p_value, nan=2.0), -np.nan_to_num(f.distance)))
    return Drift(tuple(features), auc, low, auc_p, len(answers), len(set(clusters)), sample.count)


def _sample(router: Any) -> InputSample:
    state = getattr(router, "state", None)
    if isinstance(state, ScoringState) and state.inputs is not None:
        return state.inputs
    name = getattr(router, "name", "")
    raise LcragError(
        f"Router {name} keeps no sample of what it learned from: fit a router that expects a score of every strategy "
        "(quality, stacked, knn, linucb, ...) with this lcrag."
        if name
        else "No router decides here: there is nothing to compare questions with."
    )


def _feature(
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


def _classifier(sample: InputSample, live: Rows, live_clusters: Numbers) -> tuple[float, float, float]:
    """AUC of a logistic regression on documents that it has not seen, the lower bound of its interval, its p-value."""
    from scipy.stats import t
    from sklearn.linear_model import LogisticRegression

    groups = [f"t{c}" for c in sample.clusters] + [f"l{c}" for c in live_clusters]
    is_live = np.arange(len(groups)) >= len(sample.rows)
    rows = np.vstack([sample.rows, live]).astype(float)
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
