"""What the bandits share: a linear model for each strategy, learned from the rewards of chosen strategies alone."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Self

import numpy as np
from numpy.typing import NDArray

from lcrag.errors import LcragError
from lcrag.routers.base import Decision
from lcrag.routers.learning.bandit_state import BanditState, checked_sums, with_constant
from lcrag.routers.learning.bandit_sums import BanditSums
from lcrag.routers.learning.cost_lines import CostLines, Matrix
from lcrag.routers.learning.examples import Examples
from lcrag.routers.learning.feature_scoring import FeatureScoringRouter
from lcrag.routers.learning.query import Query

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True)
class LinearBandit(FeatureScoringRouter[BanditState]):
    """Learns as in deployment: the examples come in a random order and show the chosen strategy's score only.

    After ``fit`` the router exploits: ``choose`` takes the strategy of highest expected value. ``draw`` explores as
    while learning and says with which probability, and ``learn`` goes on learning from feedback on what was drawn.
    Before it has learned anything, every strategy is drawn alike; the first ``warm_up`` answers fix how features are
    scaled. ``log()`` has what was chosen while learning, with propensities, for inverse-propensity estimates.

    Attributes:
        explore: share of choices that are drawn uniformly, so that no propensity is 0.
        ridge: strength of the prior.
        batch: choices between updates while it is fitted on a table of outcomes.
        seed: seeds the order and the draws.
        warm_up: answers with feedback that it waits for where it begins from nothing.
        retrieval, kind, model: see ``FeatureScoringRouter``.
    """

    explore: float = 0.05
    ridge: float = 1.0
    batch: int = 20
    seed: int = 0
    warm_up: int = 50

    def __post_init__(self) -> None:
        super().__post_init__()
        if not 0 <= self.explore <= 1:
            raise ValueError(f"explore is a share from 0 to 1, not {self.explore!r}")
        if self.warm_up < 1:
            raise ValueError(f"warm_up must be at least 1, but is {self.warm_up!r}")

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

    def fit(self, examples: Examples) -> Self:
        """A copy that has learned from the examples in which every strategy is scored, or from feedback.

        Raises:
            LcragError: as other scoring routers, or there is less feedback than ``warm_up``.
        """
        if examples.propensities is None:
            return super().fit(examples)
        fitted = self.with_state(None).learn(examples)
        if fitted.learns:
            raise LcragError(
                f"Router {self.name} begins with {self.warm_up} answers that have feedback (`warm_up`), but there are "
                f"{len(examples)}: collect more."
            )
        return fitted

    def _learn(self, examples: Examples, costs: CostLines) -> BanditState:
        encoding = self.encoding(examples.queries)
        rows = with_constant(encoding.matrix(examples.queries))
        dearest = np.nan_to_num(examples.mean_costs).max() or 1.0
        penalties = self.cost_weight * np.nan_to_num(examples.costs) / dearest
        n, arms = len(rows), len(examples.strategies)
        sums = BanditSums.empty(arms, rows.shape[1], self.ridge)
        rng = np.random.default_rng(self.seed)
        order = rng.permutation(n)
        chosen, propensity = np.zeros(n, int), np.zeros(n)
        for start in range(0, n, self.batch):
            now = order[start : start + self.batch]
            inverses = np.asarray(np.linalg.inv(sums.precision), np.float64)
            means: Matrix = np.einsum("aij,aj->ai", inverses, sums.weighted)
            policy = self._propensities(rows[now], means, inverses, penalties[now], rng)
            policy = (1 - self.explore) * policy + self.explore / arms
            picks = _drawn(policy, rng)
            chosen[now], propensity[now] = picks, policy[np.arange(len(now)), picks]
            sums = sums.added(rows[now], picks, examples.scores[now, picks])
        tokens = np.array([q.tokens for q in examples.queries])
        for arm in range(arms):
            sums = sums.with_costs(tokens, np.full(n, arm), examples.costs[:, arm])
        sums = replace(sums, answers=np.zeros(n, np.int64))
        reward = examples.scores[order, chosen[order]]
        return BanditState(
            costs, encoding, sums.weights, order, chosen[order], propensity[order], reward, sums=sums
        )

    def learn(self, feedback: Examples) -> Self:
        """A copy that has also learned from feedback: as if it had learned all at once, in whatever order and parts.

        An answer that it knows by the query's id and that has another score now is corrected. Answers by strategies
        that it does not know are left out. A router that has learned nothing waits for ``warm_up`` answers: with fewer
        it is returned as it is.

        Args:
            feedback: what was answered, with ``propensities``; each query's id is the answer's.

        Raises:
            LcragError: these are no feedback, or the router's file is of an older lcrag.
        """
        if feedback.propensities is None:
            raise LcragError(f"Router {self.name} learns from feedback with propensities; fit it on a table.")
        feedback = feedback.take(np.flatnonzero(~np.isnan(feedback.scores).all(1)))
        if self.state is None and len(feedback) < self.warm_up:
            return self
        state = self.state or self._beginning(feedback)
        checked_sums(state, self.name)
        return self.with_state(state.with_feedback(feedback))

    def _beginning(self, feedback: Examples) -> BanditState:
        """Nothing is learned yet, but how features are scaled."""
        first = feedback.take(range(self.warm_up))
        encoding = self.encoding(first.queries)
        columns = encoding.matrix(first.queries).shape[1] + 1
        state = BanditState.empty(tuple(feedback.strategies), encoding, columns, self.ridge)
        return self.with_inputs(state, first)

    def update(
        self, query: Query, strategy: str, score: float, cost: float = float("nan"), propensity: float = 1.0
    ) -> Self:
        """A copy that has also learned from one answer (see ``learn``); ``query.id`` names the answer.

        Raises:
            LcragError: it has learned nothing yet: ``learn`` takes the first ``warm_up`` answers together.
        """
        names = self.fitted_state.costs.strategies
        is_chosen = np.array([[name == strategy for name in names]])
        scores, costs = np.where(is_chosen, score, np.nan), np.where(is_chosen, cost, np.nan)
        return self.learn(
            Examples((query,), names, scores, costs, ("",), propensities=np.array([propensity]))
        )

    def propensities(self, queries: Sequence[Query], candidates: Sequence[str]) -> Matrix:
        """The probability with which ``draw`` takes each candidate, shape (queries, candidates).

        Raises:
            LcragError: it has learned of none of the candidates, or its file is of an older lcrag.
        """
        shares = np.zeros((len(queries), len(candidates)))
        if self.state is None:
            return shares + 1 / len(candidates)
        columns = self.columns(candidates)
        precision = checked_sums(self.state, self.name).precision[columns]
        inverses = np.asarray(np.linalg.inv(precision), np.float64)
        rng = np.random.default_rng([self.seed, len(self.state.order)])
        penalties = self.cost_weight * self.expected_costs(queries)[:, columns]
        rows, means = with_constant(self.rows(queries)), self.state.weights[columns]
        policy = self._propensities(rows, means, inverses, penalties, rng)
        places = [list(candidates).index(self.strategies[c]) for c in columns]
        shares[:, places] = (1 - self.explore) * policy + self.explore / len(columns)
        return shares

    def draw(
        self, queries: Sequence[Query], candidates: Sequence[str], rng: np.random.Generator
    ) -> list[Decision]:
        """A strategy for each query, drawn as while learning, with the probability of it.

        Raises:
            LcragError: as ``propensities``.
        """
        shares = self.propensities(queries, candidates)
        picks = _drawn(shares, rng)
        return [
            Decision(candidates[i], f"drawn with {p[i]:.2f}", self.probes, propensity=float(p[i]))
            for i, p in zip(picks, shares, strict=True)
        ]

    def predict(self, queries: Sequence[Query]) -> Matrix:
        """Expected scores."""
        scores: Matrix = with_constant(self.rows(queries)) @ self.fitted_state.weights.T
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


def _drawn(shares: Matrix, rng: np.random.Generator) -> NDArray[np.int64]:
    """A column for each row, drawn with the row's probabilities."""
    draws: NDArray[np.int64] = (shares.cumsum(1) > rng.random(len(shares))[:, None]).argmax(1)
    return draws
