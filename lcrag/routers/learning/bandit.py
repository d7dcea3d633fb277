"""What the bandits share: a linear model for each strategy, learned from the rewards of chosen strategies alone."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from lcrag.routers.learning.cost_lines import CostLines, Matrix
from lcrag.routers.learning.examples import Examples
from lcrag.routers.learning.feature_scoring import FeatureScoringRouter, FeatureState
from lcrag.routers.learning.query import Query

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True)
class BanditState(FeatureState):
    """The linear models, and the log of learning, which has a row for each of N examples in the order of learning.

    Attributes:
        weights: shape (strategies, columns + 1); the last column is the constant.
        order: index of the example, shape (N,).
        chosen: index of the strategy that was chosen, shape (N,).
        propensity: the probability with which it was chosen, shape (N,).
        reward: its score, shape (N,).
    """

    weights: Matrix
    order: NDArray[np.int64]
    chosen: NDArray[np.int64]
    propensity: NDArray[np.float64]
    reward: NDArray[np.float64]


@dataclass(frozen=True)
class LinearBandit(FeatureScoringRouter[BanditState]):
    """Learns as in deployment: the examples come in a random order and show the chosen strategy's score only.

    After ``fit`` the router is frozen and exploits. ``log()`` has what was chosen while learning, with propensities,
    for inverse-propensity estimates.

    Attributes:
        explore: share of choices that are drawn uniformly, so that no propensity is 0.
        ridge: strength of the prior.
        batch: choices between updates.
        seed: seeds the order and the draws.
        retrieval, kind, model: see ``FeatureScoringRouter``.
    """

    explore: float = 0.05
    ridge: float = 1.0
    batch: int = 20
    seed: int = 0

    def _propensities(
        self,
        rows: Matrix,
        means: Matrix,
        inverses: Matrix,
        costs: Matrix,
        rng: np.random.Generator,
    ) -> Matrix:
        """Probability with which the policy alone would choose each strategy, shape (rows, strategies)."""
        raise NotImplementedError

    def _learn(self, examples: Examples, costs: CostLines) -> BanditState:
        encoding = self.encoding(examples.queries)
        rows = _with_constant(encoding.matrix(examples.queries))
        dearest = np.nan_to_num(examples.mean_costs).max() or 1.0
        penalties = self.cost_weight * np.nan_to_num(examples.costs) / dearest
        n, arms, width = len(rows), len(examples.strategies), rows.shape[1]
        precision = np.tile(np.eye(width) * self.ridge, (arms, 1, 1))
        weighted = np.zeros((arms, width))
        rng = np.random.default_rng(self.seed)
        order = rng.permutation(n)
        chosen, propensity = np.zeros(n, int), np.zeros(n)
        for start in range(0, n, self.batch):
            now = order[start : start + self.batch]
            inverses = np.asarray(np.linalg.inv(precision), np.float64)
            means: Matrix = np.einsum("aij,aj->ai", inverses, weighted)
            policy = self._propensities(rows[now], means, inverses, penalties[now], rng)
            policy = (1 - self.explore) * policy + self.explore / arms
            picks = (policy.cumsum(1) > rng.random(len(now))[:, None]).argmax(1)
            chosen[now], propensity[now] = picks, policy[np.arange(len(now)), picks]
            for arm in range(arms):
                picked = now[picks == arm]
                precision[arm] += rows[picked].T @ rows[picked]
                weighted[arm] += rows[picked].T @ examples.scores[picked, arm]
        weights = np.einsum("aij,aj->ai", np.linalg.inv(precision), weighted)
        reward = examples.scores[order, chosen[order]]
        return BanditState(costs, encoding, weights, order, chosen[order], propensity[order], reward)

    def predict(self, queries: Sequence[Query]) -> Matrix:
        """Expected scores."""
        scores: Matrix = _with_constant(self.rows(queries)) @ self.fitted_state.weights.T
        return scores

    def log(self) -> pd.DataFrame:
        """The choices made while learning, in order: ``example``, ``strategy``, ``propensity``, ``reward``."""
        import pandas as pd

        state = self.fitted_state
        return pd.DataFrame(
            {
                "example": state.order,
                "strategy": [self.strategies[i] for i in state.chosen],
                "propensity": state.propensity,
                "reward": state.reward,
            }
        )


def _with_constant(rows: Matrix) -> Matrix:
    return np.hstack([rows, np.ones((len(rows), 1))])
