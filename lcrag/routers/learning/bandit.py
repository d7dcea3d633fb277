"""What the bandits share: a linear model for each strategy, learned from the rewards of chosen ones alone."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from lcrag.routers.learning.examples import Examples
from lcrag.routers.learning.feature_scoring import LookingRouter
from lcrag.routers.learning.query import Query
from lcrag.routers.learning.scoring import Matrix

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True)
class LinearBandit(LookingRouter):
    """Learns as in deployment: the examples come in a random order and show the chosen strategy's score only.

    After ``fit`` the router is frozen and exploits. ``log()`` has what was chosen while learning, with propensities,
    for inverse-propensity estimates.

    Attributes:
        explore: share of choices that are drawn uniformly, so that no propensity is 0.
        ridge: strength of the prior.
        batch: choices between updates.
        seed: of order and draws.
        retrieval, kind, model: what is looked at, see ``LookingRouter``.
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

    def _learn(self, examples: Examples) -> dict[str, Any]:
        inputs = self.inputs(examples.queries)
        rows = _with_constant(inputs.matrix(examples.queries))
        costs = self.price * np.nan_to_num(examples.costs) / (np.nan_to_num(examples.mean_costs).max() or 1.0)
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
            policy = self._propensities(rows[now], means, inverses, costs[now], rng)
            policy = (1 - self.explore) * policy + self.explore / arms
            picks = (policy.cumsum(1) > rng.random(len(now))[:, None]).argmax(1)
            chosen[now], propensity[now] = picks, policy[np.arange(len(now)), picks]
            for arm in range(arms):
                mine = now[picks == arm]
                precision[arm] += rows[mine].T @ rows[mine]
                weighted[arm] += rows[mine].T @ examples.scores[mine, arm]
        log = {"order": order, "chosen": chosen[order], "propensity": propensity[order],
               "reward": examples.scores[order, chosen[order]]}  # fmt: skip
        weights = np.einsum("aij,aj->ai", np.linalg.inv(precision), weighted)
        return {"inputs": inputs.state(), "weights": weights, "log": log}

    def predict(self, queries: Sequence[Query]) -> Matrix:
        """Expected scores."""
        return _with_constant(self.rows(queries)) @ self.learned["weights"].T  # type: ignore[no-any-return]

    def log(self) -> pd.DataFrame:
        """What was chosen while learning: ``example``, ``strategy``, ``propensity``, ``reward``, in order."""
        import pandas as pd

        log = self.learned["log"]
        names = [self.strategies[i] for i in log["chosen"]]
        return pd.DataFrame(
            {
                "example": log["order"],
                "strategy": names,
                "propensity": log["propensity"],
                "reward": log["reward"],
            }
        )


def _with_constant(rows: Matrix) -> Matrix:
    return np.hstack([rows, np.ones((len(rows), 1))])
