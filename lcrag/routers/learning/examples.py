"""What routers learn from: queries with the scores and costs of every strategy."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lcrag.errors import LcragError
from lcrag.outcomes.baselines import best_fixed, known_means
from lcrag.routers.learning.query import Query


@dataclass(frozen=True)
class Examples:
    """Full information: what each strategy scored and cost on each query.

    Attributes:
        queries: what a router may see, with the signals of every strategy's answer; length N.
        strategies: names of the strategies, length A.
        scores: shape (N, A), from 0 to 1; NaN where a strategy failed or was not scored.
        costs: cost of each strategy run by itself, in ``unit``; shape (N, A).
        documents: each query's document, or several joined by +.
        unit: ``tokens``, ``dollars`` or ``flops``.
        lengths: nominal length of each query's documents (``32k``), for leaving one length out.
        document_groups: the group of near-duplicates that each query's document is in; empty where that is not known.
        counted_wrong: which scores are those of failed calls that count as wrong, shape (N, A); ``None``: none.
        propensities: of feedback from an application, where only the strategy that answered has a score: the
            probability with which it was chosen, shape (N,). ``None``: every strategy was run.
    """

    queries: tuple[Query, ...]
    strategies: tuple[str, ...]
    scores: NDArray[np.float64]
    costs: NDArray[np.float64]
    documents: tuple[str, ...]
    unit: str = "tokens"
    lengths: tuple[str, ...] = ()
    document_groups: tuple[str, ...] = ()
    counted_wrong: NDArray[np.bool_] | None = None
    propensities: NDArray[np.float64] | None = None

    def __len__(self) -> int:
        return len(self.queries)

    def take(self, rows: Sequence[int] | NDArray[Any]) -> Examples:
        """The examples in these rows."""
        rows = [int(i) for i in rows]
        return replace(
            self,
            queries=tuple(self.queries[i] for i in rows),
            scores=self.scores[rows],
            costs=self.costs[rows],
            documents=tuple(self.documents[i] for i in rows),
            lengths=tuple(self.lengths[i] for i in rows) if self.lengths else (),
            document_groups=tuple(self.document_groups[i] for i in rows) if self.document_groups else (),
            counted_wrong=None if self.counted_wrong is None else self.counted_wrong[rows],
            propensities=None if self.propensities is None else self.propensities[rows],
        )

    def joined(self, other: Examples) -> Examples:
        """These examples, then the other's.

        Raises:
            LcragError: strategies or units differ, or one has lengths, groups or propensities and the other has none.
        """
        if (self.strategies, self.unit) != (other.strategies, other.unit):
            raise LcragError(
                "Examples can be joined if they have the same strategies and unit of cost: "
                f"{', '.join(self.strategies)} in {self.unit}, and {', '.join(other.strategies)} in {other.unit}."
            )
        if (self.propensities is None) != (other.propensities is None):
            raise LcragError("Feedback and examples in which every strategy was run cannot be joined.")
        columns = {n: (*getattr(self, n), *getattr(other, n)) for n in ("lengths", "document_groups")}
        if any(len(c) not in (0, len(self) + len(other)) for c in columns.values()):
            raise LcragError(
                "Examples can be joined if both have lengths and groups of documents, or neither."
            )
        counted = [
            np.zeros(e.scores.shape, bool) if e.counted_wrong is None else e.counted_wrong
            for e in (self, other)
        ]
        counted_wrong = np.vstack(counted)
        return replace(
            self,
            queries=(*self.queries, *other.queries),
            scores=np.vstack([self.scores, other.scores]),
            costs=np.vstack([self.costs, other.costs]),
            documents=(*self.documents, *other.documents),
            counted_wrong=counted_wrong if counted_wrong.any() else None,
            propensities=_joined(self.propensities, other.propensities),
            lengths=columns["lengths"],
            document_groups=columns["document_groups"],
        )

    @cached_property
    def clusters(self) -> tuple[str, ...]:
        """What is independent of one another: each query's group of near-duplicates, else its document."""
        return self.document_groups or self.documents

    @cached_property
    def mean_scores(self) -> NDArray[np.float64]:
        """Mean score of each strategy over the queries where it is known, shape (A,)."""
        return known_means(self.scores)

    @cached_property
    def mean_costs(self) -> NDArray[np.float64]:
        """Mean cost of each strategy over the queries where it is known, shape (A,)."""
        return known_means(self.costs)

    @cached_property
    def best_fixed(self) -> int:
        """Index of the strategy with the highest mean score; of equals the cheapest."""
        return best_fixed(self.scores, self.costs)


def _joined(
    first: NDArray[np.float64] | None, second: NDArray[np.float64] | None
) -> NDArray[np.float64] | None:
    return None if first is None or second is None else np.concatenate([first, second])
