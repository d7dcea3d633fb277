"""The difference of two strategies on the same questions, and the correction for many tests."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from lcrag.statistics.clusters import by_cluster
from lcrag.statistics.mean import clustered_mean
from lcrag.statistics.signs import FLIPS, sign_flip


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
        p_is_bound: The p-value is smaller than ``p_value``: none of the random assignments was as extreme.
    """

    difference: float
    low: float
    high: float
    p_value: float
    n: int
    wins: int
    ties: int
    losses: int
    p_is_bound: bool = False


def paired_difference(
    a: ArrayLike,
    b: ArrayLike,
    clusters: Sequence[str],
    *,
    confidence: float = 0.95,
    resamples: int = 9999,
    flips: int = FLIPS,
    seed: int = 0,
) -> Paired:
    """Compare two strategies on the same questions.

    The interval is that of ``clustered_mean`` for the difference, without bounds: differences are rarely near -1 or 1,
    and so it covers the truth in 94 to 96% of cases at 8, 20 and 40 documents (92% at 5). The two-sided p-value comes
    from flipping the sign of each document's summed difference: all assignments of signs for up to 16 documents that
    differ, else random ones, to which the observed one is added.

    Args:
        a: scores of one strategy, shape (questions,).
        b: scores of the other on the same questions; a question that is NaN in either is left out.
        clusters: the document of each question.
        confidence: coverage of the interval.
        resamples: bootstrap samples.
        flips: bound on the assignments of signs.
        seed: seeds both.
    """
    difference = np.asarray(a, float) - np.asarray(b, float)
    interval = clustered_mean(difference, clusters, confidence=confidence, resamples=resamples, seed=seed)
    sums, _ = by_cluster(difference, clusters)
    known = difference[~np.isnan(difference)]
    wins, ties, losses = (int(mask.sum()) for mask in (known > 0, known == 0, known < 0))
    p, is_bound = sign_flip(sums, flips, seed) if len(sums) else (np.nan, False)
    return Paired(interval.mean, interval.low, interval.high, p, len(known), wins, ties, losses, is_bound)


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
