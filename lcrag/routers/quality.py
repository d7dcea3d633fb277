"""The quality router: a regressor of each strategy's score."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from lcrag.routers.estimators import regressor
from lcrag.routers.examples import Examples
from lcrag.routers.inputs import Inputs
from lcrag.routers.query import Query
from lcrag.routers.scoring import Matrix, ScoringRouter, inputs_of


@dataclass(frozen=True)
class QualityRouter(ScoringRouter):
    """Regressors of every strategy's score, weighed against cost (RouterBench, Hu et al. 2024, arXiv 2403.12031).

    Attributes:
        estimator: ``boosting``, ``linear`` or any scikit-learn regressor; one is fitted for each strategy.
        retrieval, kind, model: what is looked at, as in ``FeatureRouter``.
    """

    name: str = "quality_router"
    estimator: Any = "boosting"
    retrieval: bool = True
    kind: bool = False
    model: bool = True

    @property
    def wants_retrieval(self) -> bool:
        """As configured."""
        return self.retrieval

    def _learn(self, examples: Examples) -> dict[str, Any]:
        inputs = Inputs.fit(examples.queries, kind=self.kind, model=self.model, probes=self.probes)
        rows = inputs.matrix(examples.queries)
        made = [regressor(self.estimator).fit(rows, scores) for scores in examples.scores.T]
        return {"inputs": inputs.state(), "estimators": made}

    def predict(self, queries: Sequence[Query]) -> Matrix:
        """Expected scores."""
        rows = inputs_of(self, queries)
        return np.column_stack([e.predict(rows) for e in self.learned["estimators"]])
