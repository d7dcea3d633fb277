"""What routers learn from: queries whose every strategy was run."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from lcrag.routers.learning.query import Query


@dataclass(frozen=True)
class Examples:
    """Full information: what each strategy scored and cost on each query.

    Attributes:
        queries: what a router may see, with the signals of every strategy's answer; length N.
        strategies: names, length A.
        scores: shape (N, A), from 0 to 1; NaN where a strategy failed or was not scored.
        costs: shape (N, A), of each strategy by itself, in ``unit``.
        documents: of each query; folds and intervals are made of whole documents.
        unit: ``tokens``, ``dollars`` or ``flops``.
        lengths: nominal length of the documents (``32k``), for leaving one length out.
    """

    queries: tuple[Query, ...]
    strategies: tuple[str, ...]
    scores: NDArray[np.float64]
    costs: NDArray[np.float64]
    documents: tuple[str, ...]
    unit: str = "tokens"
    lengths: tuple[str, ...] = ()

    def __len__(self) -> int:
        return len(self.queries)

    def take(self, rows: Sequence[int] | NDArray[Any]) -> Examples:
        """These queries alone."""
        rows = [int(i) for i in rows]
        return replace(
            self,
            queries=tuple(self.queries[i] for i in rows),
            scores=self.scores[rows],
            costs=self.costs[rows],
            documents=tuple(self.documents[i] for i in rows),
            lengths=tuple(self.lengths[i] for i in rows) if self.lengths else (),
        )

    @cached_property
    def mean_scores(self) -> NDArray[np.float64]:
        """Of each strategy, shape (A,)."""
        return _means(self.scores)

    @cached_property
    def mean_costs(self) -> NDArray[np.float64]:
        """Of each strategy, shape (A,)."""
        return _means(self.costs)

    @cached_property
    def best_fixed(self) -> int:
        """The strategy with the highest mean score, of equals the cheapest."""
        return int(np.lexsort((self.mean_costs, -self.mean_scores))[0])


def _means(values: NDArray[np.float64]) -> NDArray[np.float64]:
    """Of each column, over what is known."""
    return np.array(
        [column[~np.isnan(column)].mean() if (~np.isnan(column)).any() else np.nan for column in values.T]
    )
