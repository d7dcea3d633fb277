"""Accuracy from few labels and many verdicts on the same population: prediction-powered inference."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike

from lcrag.errors import LcragError
from lcrag.judging.correction import Corrected
from lcrag.statistics.clusters import Floats, by_cluster, effective


def prediction_powered(
    labels: ArrayLike,
    labelled_verdicts: ArrayLike,
    verdicts: ArrayLike,
    labelled_clusters: Sequence[str] | None = None,
    clusters: Sequence[str] | None = None,
    *,
    weight: float | None = None,
    confidence: float = 0.95,
) -> Corrected:
    """The mean of ``weight * verdicts``, plus the mean of ``labels - weight * labelled_verdicts``; within 0 and 1.

    Angelopoulos et al. 2023 (arXiv 2301.09633) with weight 1; by default the weight is that of PPI++ (2311.01453,
    section 6), covariance(label, verdict) / ((1 + n / N) variance(verdict)), so that a judge that knows nothing is
    not listened to. The labelled answers must be a random sample of the same population as the others. Unlike
    ``rogan_gladen`` it takes any scores from 0 to 1, and any judge. Answers to questions on one document count
    together, also across both samples.

    Args:
        labels: true scores from 0 to 1, shape (n,).
        labelled_verdicts: the judge's scores of the same answers, shape (n,); a row that is NaN in either is left out.
        verdicts: the judge's scores of the answers without a label, shape (N,).
        labelled_clusters: documents of the labelled answers; ``None`` where all are independent.
        clusters: documents of the others.
        weight: how much the verdicts count, from 0 to 1.
        confidence: coverage of the interval.

    Raises:
        LcragError: there are fewer than two labelled answers, or no verdicts.
    """
    y, f, rest = (np.asarray(values, float) for values in (labels, labelled_verdicts, verdicts))
    is_labelled, is_judged = ~np.isnan(y + f), ~np.isnan(rest)
    first = [f"labelled {i}" for i in range(len(y))] if labelled_clusters is None else labelled_clusters
    second = [f"judged {i}" for i in range(len(rest))] if clusters is None else clusters
    first = [c for c, k in zip(first, is_labelled, strict=True) if k]
    second = [c for c, k in zip(second, is_judged, strict=True) if k]
    y, f, rest = y[is_labelled], f[is_labelled], rest[is_judged]
    if len(y) < 2 or not len(rest):
        raise LcragError(
            f"Prediction-powered inference needs labelled answers and verdicts on others: there are {len(y)} and "
            f"{len(rest)}."
        )
    if weight is None:
        weight = _tuned_weight(y, f, rest)
    residuals = y - weight * f
    mean = float(weight * rest.mean() + residuals.mean())
    moves = (residuals - residuals.mean()) / len(y), weight * (rest - rest.mean()) / len(rest)
    low, high = _bounds(mean, moves, (first, second), confidence)
    return Corrected(float(rest.mean()), min(1.0, max(0.0, mean)), low, high)


def _bounds(
    mean: float, moves: tuple[Floats, Floats], names: tuple[Sequence[str], Sequence[str]], confidence: float
) -> tuple[float, float]:
    """Student's t interval of the log-odds of the mean, as ``clustered_mean`` has it, with the labels' documents.

    Where the estimate is not within 0 and 1 its interval is that of the estimate itself, cut there.
    """
    from scipy.special import expit, logit, stdtrit

    _, labelled = by_cluster(moves[0], names[0])
    sums, _ = by_cluster(np.concatenate(moves), [*names[0], *names[1]])
    groups = len(labelled)
    if groups < 2:
        return float("nan"), float("nan")
    error = np.sqrt(groups / (groups - 1) * (sums**2).sum())
    margin = float(stdtrit(effective(labelled) - 1, (1 + confidence) / 2) * error)
    if not 0 < mean < 1:
        return max(0.0, min(1.0, mean - margin)), max(0.0, min(1.0, mean + margin))
    low, high = expit(logit(mean) + np.array([-1, 1]) * margin / (mean * (1 - mean)))
    return float(low), float(high)


def _tuned_weight(y: Floats, f: Floats, rest: Floats) -> float:
    variance = np.concatenate([f, rest]).var()
    if variance == 0:
        return 0.0
    covariance = ((y - y.mean()) * (f - f.mean())).mean()
    return float(np.clip(covariance / ((1 + len(y) / len(rest)) * variance), 0, 1))
