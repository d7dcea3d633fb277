"""Adaptive-RAG's router: the cheapest strategy that is right."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from lcrag.routers.feature import FeatureRouter
from lcrag.routers.learning.examples import Examples


@dataclass(frozen=True)
class AdaptiveRAGRouter(FeatureRouter):
    """A classifier of the cheapest strategy that is right (Jeong et al. 2024, arXiv 2403.14403, section 3.2).

    Where none is right the paper takes the data set's bias; here it is the strategy that is most often the cheapest
    right one among questions of the same kind. The paper's classifier is a T5; this one sees features.

    Attributes:
        correct_threshold: the score from which an answer counts as right.
        estimator, calibrate, retrieval, kind, model: see ``FeatureRouter``.
    """

    name: str = "adaptive_rag"
    correct_threshold: float = 0.5

    def _labels(self, examples: Examples) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
        return cheapest_correct(examples, self.correct_threshold), np.ones(len(examples))


def cheapest_correct(examples: Examples, correct_threshold: float) -> NDArray[np.int64]:
    """The label of each example: the index of a strategy, shape (N,)."""
    cheapest_first = np.argsort(examples.mean_costs, kind="stable")
    correct = examples.scores[:, cheapest_first] >= correct_threshold
    labels = np.where(correct.any(1), cheapest_first[correct.argmax(1)], -1)
    kinds = np.array([q.kind for q in examples.queries])
    for kind in np.unique(kinds):
        of_kind = kinds == kind
        labelled = labels[of_kind & (labels >= 0)]
        most_frequent = np.bincount(labelled).argmax() if len(labelled) else cheapest_first[0]
        labels[of_kind & (labels < 0)] = most_frequent
    return labels
