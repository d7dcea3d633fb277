"""The quality router: a regressor of each strategy's score."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from lcrag.routers.learning.cost_lines import CostLines, Matrix
from lcrag.routers.learning.estimators import regressor
from lcrag.routers.learning.examples import Examples
from lcrag.routers.learning.feature_scoring import FeatureScoringRouter, FeatureState
from lcrag.routers.learning.query import Query


@dataclass(frozen=True)
class QualityState(FeatureState):
    """Fitted regressors.

    Attributes:
        mean: predicts the mean score of all strategies.
        gains: for each strategy but the last, predicts how far its score is above that mean.
    """

    mean: Any
    gains: tuple[Any, ...]


@dataclass(frozen=True)
class QualityRouter(FeatureScoringRouter[QualityState]):
    """Expected score of every strategy, weighed against cost (RouterBench, Hu et al. 2024, arXiv 2403.12031).

    The mean score of all strategies and how far each is above it are learned separately: the mean says how hard a
    question is, which does not help to choose and would hide what does.

    Attributes:
        estimator: ``boosting``, ``linear`` or any scikit-learn regressor; one is fitted for
            the mean, one for each strategy but the last.
        retrieval, kind, model: see ``FeatureScoringRouter``.
    """

    name: str = "quality_router"
    estimator: Any = "boosting"

    def _learn(self, examples: Examples, costs: CostLines) -> QualityState:
        encoding = self.encoding(examples.queries)
        rows = encoding.matrix(examples.queries)
        mean = examples.scores.mean(1)
        targets = [mean, *(examples.scores[:, :-1] - mean[:, None]).T]
        fitted_mean, *gains = (regressor(self.estimator).fit(rows, target) for target in targets)
        return QualityState(costs, encoding, fitted_mean, tuple(gains))

    def predict(self, queries: Sequence[Query]) -> Matrix:
        """Expected scores."""
        state, rows = self.fitted_state, self.rows(queries)
        mean, gains = state.mean.predict(rows), [e.predict(rows) for e in state.gains]
        return np.column_stack([*(mean + gain for gain in gains), mean - sum(gains)])
