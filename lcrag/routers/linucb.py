"""LinUCB: the strategy with the highest upper confidence bound."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from lcrag.routers.learning.bandit import LinearBandit
from lcrag.routers.learning.cost_lines import Matrix


@dataclass(frozen=True)
class LinUCBRouter(LinearBandit):
    """Disjoint linear models with an upper confidence bound (Li et al. 2010, arXiv 1003.0146, algorithm 1).

    Attributes:
        alpha: width of the bound, in standard deviations.
    """

    name: str = "linucb_router"
    alpha: float = 0.5

    def _propensities(
        self,
        rows: Matrix,
        means: Matrix,
        inverses: Matrix,
        costs: Matrix,
        rng: np.random.Generator,
    ) -> Matrix:
        width = np.sqrt(np.maximum(np.einsum("ni,aij,nj->na", rows, inverses, rows, optimize=True), 0.0))
        best = (rows @ means.T + self.alpha * width - costs).argmax(1)
        chosen: Matrix = np.eye(len(means))[best]
        return chosen
