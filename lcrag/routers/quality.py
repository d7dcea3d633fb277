"""The quality router: a regressor of each strategy's score."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from lcrag.routers.learning.estimators import regressor
from lcrag.routers.learning.examples import Examples
from lcrag.routers.learning.feature_scoring import LookingRouter
from lcrag.routers.learning.query import Query
from lcrag.routers.learning.scoring import Matrix


@dataclass(frozen=True)
class QualityRouter(LookingRouter):
    """Expected score of every strategy, weighed against cost (RouterBench, Hu et al. 2024, arXiv 2403.12031).

    What all strategies score on average and how far each is above that are learned apart: the first says how
    hard a question is, which does not help to choose and would drown what does.

    Attributes:
        estimator: ``boosting``, ``linear`` or any scikit-learn regressor; one is fitted for
            the mean, one for each strategy but the last.
        retrieval, kind, model: what is looked at, see ``LookingRouter``.
    """

    name: str = "quality_router"
    estimator: Any = "boosting"

    def _learn(self, examples: Examples) -> dict[str, Any]:
        inputs = self.inputs(examples.queries)
        rows = inputs.matrix(examples.queries)
        middle = examples.scores.mean(1)
        targets = [middle, *(examples.scores[:, :-1] - middle[:, None]).T]
        made = [regressor(self.estimator).fit(rows, target) for target in targets]
        return {"inputs": inputs.state(), "estimators": made}

    def predict(self, queries: Sequence[Query]) -> Matrix:
        """Expected scores."""
        rows = self.rows(queries)
        middle, *gains = (e.predict(rows) for e in self.learned["estimators"])
        return np.column_stack([*(middle + g for g in gains), middle - sum(gains)])
