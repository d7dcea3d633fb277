"""Thompson sampling: a strategy as often as it may be the best."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from lcrag.routers.learning.bandit import LinearBandit
from lcrag.routers.learning.scoring import Matrix


@dataclass(frozen=True)
class ThompsonRouter(LinearBandit):
    """Linear Thompson sampling (Agrawal and Goyal 2013, arXiv 1209.3352, algorithm 1).

    Propensities are estimated from ``draws`` samples of the posterior, of which one decides.

    Attributes:
        width: standard deviation of the posterior, in those of the linear model.
        draws: samples a batch.
    """

    name: str = "thompson_router"
    width: float = 0.3
    draws: int = 50

    def _propensities(
        self,
        rows: Matrix,
        means: Matrix,
        inverses: Matrix,
        costs: Matrix,
        rng: np.random.Generator,
    ) -> Matrix:
        roots = np.linalg.cholesky(inverses)
        noise = rng.standard_normal((self.draws, *means.shape))
        drawn = means + self.width * np.einsum("aij,saj->sai", roots, noise)
        values = np.einsum("ni,sai->sna", rows, drawn) - costs
        best = values.argmax(2)
        return np.stack([(best == arm).mean(0) for arm in range(len(means))], axis=1)
