"""What a linear bandit keeps of what it has learned from: sums, to which an answer can be added or corrected."""

from __future__ import annotations

from dataclasses import dataclass, replace
from hashlib import sha256
from typing import Self

import numpy as np
from numpy.typing import NDArray

from lcrag.routers.learning import cost_sums
from lcrag.routers.learning.cost_lines import Matrix


@dataclass(frozen=True)
class BanditSums:
    """Sums over the answers of each of A strategies; D columns of a query, the last of which is the constant.

    Attributes:
        precision: ridge and outer products of the queries, shape (A, D, D).
        weighted: queries times rewards, shape (A, D).
        costs: see ``cost_sums.terms``; shape (A, ``cost_sums.COLUMNS``).
        answers: a number that names each answer that was learned from, in the order of the log; 0 for the answers of a
            table of outcomes; shape (N,).
    """

    precision: Matrix
    weighted: Matrix
    costs: Matrix
    answers: NDArray[np.int64]

    @classmethod
    def empty(cls, strategies: int, columns: int, ridge: float) -> Self:
        """Nothing but the prior."""
        return cls(
            np.tile(np.eye(columns) * ridge, (strategies, 1, 1)),
            np.zeros((strategies, columns)),
            np.zeros((strategies, cost_sums.COLUMNS)),
            np.zeros(0, np.int64),
        )

    def added(self, rows: Matrix, chosen: NDArray[np.int64], rewards: Matrix) -> Self:
        """With these answers, whose rewards are NaN nowhere; costs and names are added apart.

        Args:
            rows: the queries, shape (N, D).
            chosen: index of each answer's strategy, shape (N,).
            rewards: scores, shape (N,).
        """
        precision, weighted = self.precision.copy(), self.weighted.copy()
        for arm in range(len(weighted)):
            picked = chosen == arm
            precision[arm] += rows[picked].T @ rows[picked]
            weighted[arm] += rows[picked].T @ rewards[picked]
        return replace(self, precision=precision, weighted=weighted)

    def corrected(self, rows: Matrix, chosen: NDArray[np.int64], changes: Matrix) -> Self:
        """With the rewards of answers changed that are in the sums already."""
        weighted = self.weighted.copy()
        np.add.at(weighted, chosen, rows * changes[:, None])
        return replace(self, weighted=weighted)

    def with_costs(self, tokens: Matrix, chosen: NDArray[np.int64], costs: Matrix) -> Self:
        """With the costs of these answers, NaN where they are not known."""
        sums = self.costs.copy()
        np.add.at(sums, chosen, cost_sums.terms(tokens, costs))
        return replace(self, costs=sums)

    @property
    def weights(self) -> Matrix:
        """The ridge regression of each strategy's reward, shape (A, D)."""
        weights: Matrix = np.einsum("aij,aj->ai", np.linalg.inv(self.precision), self.weighted)
        return weights


def answer_number(id: str) -> int:
    """A number for an answer's id; never 0."""
    return int.from_bytes(sha256(id.encode("utf-8", "surrogatepass")).digest()[:8], "big", signed=True) or 1
