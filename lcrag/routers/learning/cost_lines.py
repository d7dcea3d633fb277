"""What each strategy is expected to cost: a line in the tokens of the documents."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from lcrag.routers.learning.examples import Examples
from lcrag.routers.learning.query import Query

Matrix = NDArray[np.float64]


@dataclass(frozen=True)
class CostLines:
    """A line for each strategy, fitted to the costs of examples.

    Attributes:
        strategies: names of the strategies, length A.
        lines: constant, slope and mean tokens of each strategy, shape (A, 3).
        dearest: mean cost of the dearest strategy, in the examples' unit; 1 if no cost is known.
    """

    strategies: tuple[str, ...]
    lines: Matrix
    dearest: float

    @classmethod
    def fit(cls, examples: Examples) -> CostLines:
        """Fit a line for each strategy where documents differ in length, else a constant."""
        tokens = np.array([q.tokens for q in examples.queries])
        lines = [_line(tokens, costs) for costs in examples.costs.T]
        means = examples.mean_costs[~np.isnan(examples.mean_costs)]
        return cls(tuple(examples.strategies), np.array(lines), float(means.max(initial=0.0)) or 1.0)

    def expected(self, queries: Sequence[Query]) -> Matrix:
        """Expected costs relative to ``dearest``, shape (queries, strategies)."""
        constant, slope, mean_tokens = self.lines.T
        tokens = np.array([q.tokens for q in queries])[:, None]
        costs: Matrix = (constant + slope * np.where(np.isnan(tokens), mean_tokens, tokens)) / self.dearest
        return costs


def _line(tokens: NDArray[np.float64], costs: NDArray[np.float64]) -> list[float]:
    """Constant, slope and mean tokens."""
    known = ~np.isnan(costs)
    use = known & ~np.isnan(tokens)
    if use.sum() > 1 and np.ptp(tokens[use]) > 0:
        slope, constant = np.polyfit(tokens[use], costs[use], 1)
    else:
        slope, constant = 0.0, np.nanmean(costs) if known.any() else 0.0
    return [float(constant), float(slope), float(tokens[use].mean()) if use.any() else 0.0]
