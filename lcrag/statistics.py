"""Confidence intervals and paired tests for questions in clusters: several questions on one document."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

Floats = NDArray[np.float64]
MAX_EXACT = 14  # documents; up to this number, all assignments of signs (16,384) are tried


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


@dataclass(frozen=True)
class Paired:
    """The difference a - b over the questions scored in both.

    Attributes:
        difference: The mean difference; NaN without a common question.
        low: The lower bound of its confidence interval.
        high: The upper bound.
        p_value: The two-sided p-value of the sign-flip test.
        n: The number of common questions.
        wins: Questions on which a scores higher.
        ties: Questions on which both score the same.
        losses: Questions on which b scores higher.
    """

    difference: float
    low: float
    high: float
    p_value: float
    n: int
    wins: int
    ties: int
    losses: int


def clustered_mean(
    values: ArrayLike,
    clusters: Sequence[str],
    *,
    confidence: float = 0.95,
    resamples: int = 9999,
    seed: int = 0,
) -> Interval:
    """The mean and its percentile bootstrap interval, with whole documents resampled.

    Questions on one document are not independent (Miller 2024, arXiv 2411.00640, section 2.2), so
    documents are drawn with replacement and the mean taken over all questions drawn.

    Args:
        values: scores, shape (questions,); NaN are left out, not counted as 0.
        clusters: the document of each question.
        confidence: coverage of the interval.
        resamples: bootstrap samples.
        seed: seeds the resampling.
    """
    sums, counts = _by_cluster(values, clusters)
    n, groups = int(counts.sum()), len(counts)
    if n == 0:
        return Interval(np.nan, np.nan, np.nan, 0, 0, "nothing was scored")
    mean = float(sums.sum() / n)
    if groups == 1:
        return Interval(mean, np.nan, np.nan, n, 1, "one document gives no interval")
    means = _resampled_means(sums, counts, resamples, seed)
    low, high = np.quantile(means, [(1 - confidence) / 2, (1 + confidence) / 2])
    return Interval(mean, float(low), float(high), n, groups)


def paired_difference(
    a: ArrayLike,
    b: ArrayLike,
    clusters: Sequence[str],
    *,
    confidence: float = 0.95,
    resamples: int = 9999,
    seed: int = 0,
) -> Paired:
    """Compare two strategies on the same questions.

    The interval is the clustered bootstrap of the mean difference; the two-sided p-value comes from
    flipping the sign of each document's summed difference: all assignments of signs for up to 14 documents,
    else random ones, to which the observed one is added.

    Args:
        a: scores of one strategy, shape (questions,).
        b: scores of the other on the same questions; a question that is NaN in either is left out.
        clusters: the document of each question.
        confidence: coverage of the interval.
        resamples: bootstrap samples and random assignments.
        seed: seeds both.
    """
    difference = np.asarray(a, float) - np.asarray(b, float)
    interval = clustered_mean(difference, clusters, confidence=confidence, resamples=resamples, seed=seed)
    sums, _ = _by_cluster(difference, clusters)
    known = difference[~np.isnan(difference)]
    counts = [int((known > 0).sum()), int((known == 0).sum()), int((known < 0).sum())]
    p = _sign_flip(sums, resamples, seed) if len(sums) else np.nan
    return Paired(interval.mean, interval.low, interval.high, p, len(known), *counts)


def holm(p_values: Sequence[float]) -> list[float]:
    """Holm's step-down correction (1979); NaN stays NaN and counts for no test."""
    p = np.asarray(p_values, float)
    corrected = np.full(len(p), np.nan)
    known = np.flatnonzero(~np.isnan(p))
    highest = 0.0
    for rank, i in enumerate(known[np.argsort(p[known], kind="stable")]):
        highest = max(highest, min(1.0, float(p[i]) * (len(known) - rank)))
        corrected[i] = highest
    return [float(x) for x in corrected]


def _by_cluster(values: ArrayLike, clusters: Sequence[str]) -> tuple[Floats, Floats]:
    """Sum and number of known values in each cluster."""
    array = np.asarray(values, float)
    known = ~np.isnan(array)
    if not known.any():
        return np.empty(0), np.empty(0)
    _, codes = np.unique(np.asarray(clusters, dtype=object)[known].astype(str), return_inverse=True)
    return np.bincount(codes, array[known]).astype(np.float64), np.bincount(codes).astype(np.float64)


def _resampled_means(sums: Floats, counts: Floats, resamples: int, seed: int) -> Floats:
    groups = len(sums)
    weights = np.random.default_rng(seed).multinomial(groups, np.full(groups, 1 / groups), size=resamples)
    means: Floats = (weights @ sums) / (weights @ counts)
    return means


def _sign_flip(sums: Floats, resamples: int, seed: int) -> float:
    observed = abs(sums.sum()) - 1e-12
    if len(sums) <= MAX_EXACT:
        signs = np.array(list(itertools.product((1.0, -1.0), repeat=len(sums))))
        return float((np.abs(signs @ sums) >= observed).mean())
    rng = np.random.default_rng(seed)
    signs = rng.choice((1.0, -1.0), size=(resamples, len(sums)))
    return float(((np.abs(signs @ sums) >= observed).sum() + 1) / (resamples + 1))
