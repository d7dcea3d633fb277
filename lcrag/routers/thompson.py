"""Thompson sampling: each strategy in proportion to its probability of being best."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from lcrag.routers.learning.bandit import LinearBandit
from lcrag.routers.learning.cost_lines import Matrix


@dataclass(frozen=True)
class ThompsonRouter(LinearBandit):
    """Linear Thompson sampling (Agrawal and Goyal 2013, arXiv 1209.3352, algorithm 1).

    While learning it chooses each strategy in proportion to its probability of being best, which is estimated from
    ``draws`` samples of the posterior.

    Attributes:
        width: standard deviation of the posterior, as a multiple of the linear model's.
        draws: samples per batch.
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
