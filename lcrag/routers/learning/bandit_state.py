"""What a linear bandit has learned, and how feedback is added to it."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Self

import numpy as np
from numpy.typing import NDArray

from lcrag.errors import LcragError
from lcrag.routers.learning import cost_sums
from lcrag.routers.learning.bandit_sums import BanditSums, answer_number
from lcrag.routers.learning.cost_lines import Matrix
from lcrag.routers.learning.encoding import Encoding
from lcrag.routers.learning.examples import Examples
from lcrag.routers.learning.feature_scoring import FeatureState


@dataclass(frozen=True)
class BanditState(FeatureState):
    """The linear models, and the log of learning, which has a row for each of N examples in the order of learning.

    Attributes:
        weights: shape (strategies, columns + 1); the last column is the constant.
        order: index of the example, shape (N,); feedback is counted on.
        chosen: index of the strategy that was chosen, shape (N,).
        propensity: the probability with which it was chosen, shape (N,).
        reward: its score, shape (N,).
        sums: what learning goes on from; ``None`` in a file of an older lcrag.
    """

    weights: Matrix
    order: NDArray[np.int64]
    chosen: NDArray[np.int64]
    propensity: NDArray[np.float64]
    reward: NDArray[np.float64]
    sums: BanditSums | None = field(default=None, kw_only=True)

    @classmethod
    def empty(cls, strategies: tuple[str, ...], encoding: Encoding, columns: int, ridge: float) -> Self:
        """Nothing is learned yet but an encoding; ``columns`` counts the constant."""
        sums = BanditSums.empty(len(strategies), columns, ridge)
        whole, real = np.zeros(0, np.int64), np.zeros(0)
        costs = cost_sums.lines(strategies, sums.costs)
        return cls(costs, encoding, sums.weighted, whole, whole, real, real, sums=sums)

    def with_feedback(self, feedback: Examples) -> Self:
        """With feedback on the strategies that are known; a known answer's score is corrected."""
        assert self.sums is not None and feedback.propensities is not None
        names = self.costs.strategies
        columns = np.argmax(~np.isnan(feedback.scores), axis=1)
        last = {q.id: i for i, q in enumerate(feedback.queries)}  # of several scores the last one counts
        kept = [i for i in sorted(last.values()) if feedback.strategies[columns[i]] in names]
        if not kept:
            return self
        columns, feedback = columns[kept], feedback.take(kept)
        chosen = np.array([names.index(feedback.strategies[c]) for c in columns])
        every = np.arange(len(feedback))
        rewards, costs = feedback.scores[every, columns], feedback.costs[every, columns]
        rows = with_constant(self.encoding.matrix(feedback.queries))
        tokens = np.array([q.tokens for q in feedback.queries])
        numbers = np.array([answer_number(q.id) for q in feedback.queries])
        places = _places(numbers, self.sums.answers)
        old, new = np.flatnonzero(places >= 0), np.flatnonzero(places < 0)
        reward = self.reward.copy()
        changes = rewards[old] - reward[places[old]]
        reward[places[old]] = rewards[old]
        sums = self.sums.corrected(rows[old], chosen[old], changes)
        sums = sums.added(rows[new], chosen[new], rewards[new]).with_costs(
            tokens[new], chosen[new], costs[new]
        )
        sums = replace(sums, answers=np.concatenate([sums.answers, numbers[new]]))
        propensities = np.asarray(feedback.propensities, float)[new]
        return replace(
            self,
            costs=cost_sums.lines(names, sums.costs),
            weights=sums.weights,
            order=np.concatenate([self.order, len(self.order) + np.arange(len(new))]),
            chosen=np.concatenate([self.chosen, chosen[new]]),
            propensity=np.concatenate([self.propensity, propensities]),
            reward=np.concatenate([reward, rewards[new]]),
            sums=sums,
        )


def with_constant(rows: Matrix) -> Matrix:
    """Rows with a column of ones at the end."""
    return np.hstack([rows, np.ones((len(rows), 1))])


def checked_sums(state: BanditState, router: str) -> BanditSums:
    """The sums of a state.

    Raises:
        LcragError: it has none.
    """
    if state.sums is None:
        raise LcragError(f"Router {router} was fitted by an older lcrag: fit it again to go on learning.")
    return state.sums


def _places(numbers: NDArray[np.int64], known: NDArray[np.int64]) -> NDArray[np.int64]:
    """Where each number stands among the known ones; -1 where it does not."""
    if not len(known):
        return np.full(len(numbers), -1)
    order = np.argsort(known, kind="stable")
    at = order[np.minimum(np.searchsorted(known, numbers, sorter=order), len(known) - 1)]
    places: NDArray[np.int64] = np.where(known[at] == numbers, at, -1)
    return places
