"""Thompson sampling: each strategy in proportion to its probability of being best."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from lcrag.routers.learning.bandit import LinearBandit
from lcrag.routers.learning.cost_lines import Matrix


@dataclass(frozen=True)
class ThompsonRouter(LinearBandit):
    """Linear Thompson sampling (Agrawal and Goyal 2013, arXiv 1209.3352, algorithm 1).

    While learning it chooses each strategy in proportion to its probability of being best: of two strategies computed
    from the posterior of their difference, of more estimated from ``draws`` samples.

    Attributes:
        width: standard deviation of the posterior, as a multiple of the linear model's.
        draws: samples of the posterior, where there are more than two strategies.
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
        values = rows @ means.T - costs
        errors = self.width * np.sqrt(
            np.maximum(np.einsum("ni,aij,nj->na", rows, inverses, rows, optimize=True), 0.0)
        )
        if len(means) == 2:
            return _of_two(values, errors)
        noise = rng.standard_normal((self.draws, 1, len(means)))
        best = (values + errors * noise).argmax(2)
        return np.stack([(best == arm).mean(0) for arm in range(len(means))], axis=1)


def _of_two(values: Matrix, errors: Matrix) -> Matrix:
    """The probability that each of two normal values is the larger one, shape (rows, 2)."""
    from scipy.special import ndtr

    gap, error = values[:, 0] - values[:, 1], np.hypot(errors[:, 0], errors[:, 1])
    with np.errstate(divide="ignore", invalid="ignore"):
        first = ndtr(np.where(error > 0, gap / error, np.copysign(np.inf, gap)))
    first = np.where((error > 0) | (gap != 0), first, 0.5)
    return np.column_stack([first, 1 - first])
