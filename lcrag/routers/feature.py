"""The feature router: a classifier of the best strategy, from features of the question."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lcrag.routers.learning.cost_lines import CostLines, Matrix
from lcrag.routers.learning.estimators import Calibrate, classifier, probabilities
from lcrag.routers.learning.examples import Examples
from lcrag.routers.learning.feature_scoring import FeatureScoringRouter, FeatureState
from lcrag.routers.learning.query import Query


@dataclass(frozen=True)
class ClassifierState(FeatureState):
    """A fitted classifier, or the only label where there was only one to learn.

    Attributes:
        estimator: the classifier; its classes are indices of strategies. ``None`` where there is one label.
        only: that label.
    """

    estimator: Any = None
    only: int = 0


@dataclass(frozen=True)
class FeatureRouter(FeatureScoringRouter[ClassifierState]):
    """Logistic regression or gradient boosting on features of question, context and first retrieval.

    The label of an example is its best strategy (the cheaper of equals), its weight what choosing another would lose
    on average: examples on which all strategies are alike teach nothing. Expected quality is the probability of
    being best.

    Attributes:
        estimator: ``logistic``, ``boosting`` or any scikit-learn classifier.
        calibrate: ``sigmoid`` or ``isotonic``; empty for no calibration.
        retrieval, kind, model: see ``FeatureScoringRouter``.
    """

    name: str = "feature_router"
    estimator: Any = "logistic"
    calibrate: Calibrate = ""

    def _learn(self, examples: Examples, costs: CostLines) -> ClassifierState:
        labels, weights = self._labels(examples)
        encoding = self.encoding(examples.queries)
        use = np.flatnonzero(weights > 0)
        if len(np.unique(labels[use])) < 2:
            only = labels[use[0]] if len(use) else np.bincount(labels).argmax()
            return ClassifierState(costs, encoding, only=int(only))
        rows = encoding.matrix(examples.queries)
        estimator = classifier(self.estimator, self.calibrate)
        return ClassifierState(
            costs, encoding, estimator.fit(rows[use], labels[use], sample_weight=weights[use])
        )

    def _labels(self, examples: Examples) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
        """The strategy to learn for each example, and how much it matters, both shape (N,)."""
        return best_labels(examples)

    def predict(self, queries: Sequence[Query]) -> Matrix:
        """Probability of being the best strategy."""
        state, rows = self.fitted_state, self.rows(queries)
        count = len(self.strategies)
        if state.estimator is None:
            return np.tile(np.eye(count)[state.only], (len(rows), 1))
        return probabilities(state.estimator, rows, count)


def best_labels(examples: Examples) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    """The best strategy of each example, the cheaper of equals, and what another one would lose on average."""
    cheapest_first = np.argsort(examples.mean_costs, kind="stable")
    labels = cheapest_first[np.argmax(examples.scores[:, cheapest_first], axis=1)]
    weights = examples.scores.max(1) - examples.scores.mean(1)
    return labels, weights
