"""Adaptive-RAG's router: the cheapest strategy that is right."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from lcrag.routers.feature import FeatureRouter
from lcrag.routers.learning.examples import Examples


@dataclass(frozen=True)
class AdaptiveRAGRouter(FeatureRouter):
    """A classifier of the cheapest strategy that is right (Jeong et al. 2024, arXiv 2403.14403, section 3.2).

    Where none is right the paper takes the data set's bias; here it is the strategy that is most often the cheapest
    right one among questions of the same kind. The paper's classifier is a T5; this one sees features.

    Attributes:
        right: the score from which an answer counts as right.
        estimator, calibrate, retrieval, kind, model: as in ``FeatureRouter``.
    """

    name: str = "adaptive_rag"
    right: float = 0.5

    def _labels(self, examples: Examples) -> tuple[Any, Any]:
        return cheapest_right(examples, self.right), np.ones(len(examples))


def cheapest_right(examples: Examples, right: float) -> Any:
    """The label of each example: index of a strategy, shape (N,)."""
    cheap = np.argsort(examples.mean_costs, kind="stable")
    good = examples.scores[:, cheap] >= right
    labels = np.where(good.any(1), cheap[good.argmax(1)], -1)
    kinds = np.array([q.kind for q in examples.queries])
    for kind in np.unique(kinds):
        mine = kinds == kind
        known = labels[mine & (labels >= 0)]
        bias = np.bincount(known).argmax() if len(known) else cheap[0]
        labels[mine & (labels < 0)] = bias
    return labels
