"""The feature router: a classifier of the best strategy, from what can be seen of the question."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from lcrag.routers.learning.estimators import Calibrate, classifier, probabilities
from lcrag.routers.learning.examples import Examples
from lcrag.routers.learning.feature_scoring import LookingRouter
from lcrag.routers.learning.query import Query
from lcrag.routers.learning.scoring import Matrix


@dataclass(frozen=True)
class FeatureRouter(LookingRouter):
    """Logistic regression or gradient boosting on features of question, context and first retrieval.

    The label of an example is its best strategy (the cheaper of equals), its weight what choosing another would lose
    on average: examples on which all strategies are alike teach nothing. Expected quality is the probability of
    being best.

    Attributes:
        estimator: ``logistic``, ``boosting`` or any scikit-learn classifier.
        calibrate: ``sigmoid`` or ``isotonic``.
        retrieval, kind, model: what is looked at, see ``LookingRouter``.
    """

    name: str = "feature_router"
    estimator: Any = "logistic"
    calibrate: Calibrate = ""

    def _learn(self, examples: Examples) -> dict[str, Any]:
        labels, weights = self._labels(examples)
        inputs = self.inputs(examples.queries)
        return {"inputs": inputs.state()} | fitted(
            self.estimator, self.calibrate, inputs.matrix(examples.queries), labels, weights
        )

    def _labels(self, examples: Examples) -> tuple[Any, Any]:
        """The strategy to learn for each example, and how much it matters, both shape (N,)."""
        return best_labels(examples)

    def predict(self, queries: Sequence[Query]) -> Matrix:
        """Probability of being the best strategy."""
        return predicted(self.learned, self.rows(queries))


def best_labels(examples: Examples) -> tuple[Any, Any]:
    """The best strategy of each example, the cheaper of equals, and what another one would lose on average."""
    cheap = np.argsort(examples.mean_costs, kind="stable")
    labels = cheap[np.argmax(examples.scores[:, cheap], axis=1)]
    weights = examples.scores.max(1) - examples.scores.mean(1)
    return labels, weights


def fitted(estimator: Any, calibrate: Calibrate, rows: Any, labels: Any, weights: Any) -> dict[str, Any]:
    """A fitted classifier, or the only label where there is but one to learn."""
    use = np.flatnonzero(weights > 0)
    if len(np.unique(labels[use])) < 2:
        return {"only": int(labels[use[0]] if len(use) else np.bincount(labels).argmax())}
    made = classifier(estimator, calibrate)
    return {"estimator": made.fit(rows[use], labels[use], sample_weight=weights[use])}


def predicted(learned: dict[str, Any], rows: Any) -> Matrix:
    """Probabilities of the strategies, shape (rows, strategies)."""
    count = len(learned["strategies"])
    if "only" in learned:
        return np.tile(np.eye(count)[learned["only"]], (rows.shape[0], 1))
    return probabilities(learned["estimator"], rows, count)
