"""How much the differences of two strategies vary, within documents and between them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import nan

import numpy as np
from numpy.typing import ArrayLike

from lcrag.statistics.clusters import by_cluster


@dataclass(frozen=True)
class Variation:
    """How much the differences of two strategies vary.

    Attributes:
        variance: Variance of a question's difference. 0.5 is that of two strategies that are right on half of the
            questions, independently; strategies that agree more often have less. For a true difference d it counts as
            at most (1 - d²) / 2, which is the largest that independent strategies can have.
        correlation: Intraclass correlation of the differences of questions on one document, from 0 to 1. It is 0 to
            0.02 between retrieval and long context in LaRA's published answers (12 models, 119 or 120 documents).
    """

    variance: float = 0.5
    correlation: float = 0.1


def variation(differences: ArrayLike, clusters: Sequence[str]) -> Variation:
    """The variation of a pilot's differences: the estimator from the analysis of variance (Donner and Klar 2000).

    A negative correlation counts as 0. With one document, or one question on each, there is no correlation to see.

    Args:
        differences: the scores of one strategy minus those of the other, shape (questions,); NaN are left out.
        clusters: the document of each question.
    """
    values = np.asarray(differences, float)
    sums, sizes = by_cluster(values, clusters)
    n, groups = sizes.sum(), len(sizes)
    if n < 2:
        return Variation(nan, nan)
    squares, overall = float(np.nansum(values**2)), float(sums.sum() ** 2 / n)
    if 1 < groups < n:
        by_document = float((sums**2 / sizes).sum())
        size = (n - (sizes**2).sum() / n) / (groups - 1)
        inside = (squares - by_document) / (n - groups)
        shared = ((by_document - overall) / (groups - 1) - inside) / size
        if shared > 0:
            return Variation(float(shared + inside), float(shared / (shared + inside)))
    return Variation(max(0.0, round((squares - overall) / float(n - 1), 12)), 0.0)


def design_effect(sizes: Sequence[int], correlation: float) -> float:
    """How many times the variance of a mean is that of as many independent questions.

    1 + (m - 1) * correlation with m questions on each document (Kish 1965), with unequal sizes m = sum(size²) /
    sum(size) (Donner and Klar 2000). Miller 2024, arXiv 2411.00640, section 2.2, has the same variance as a sum over
    pairs of questions.
    """
    return 1 + (sum(s * s for s in sizes) / sum(sizes) - 1) * correlation
