"""Scoring routers that look at features."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from lcrag.routers.learning.encoding import Inputs
from lcrag.routers.learning.query import Query
from lcrag.routers.learning.scoring import Matrix, ScoringRouter


@dataclass(frozen=True)
class LookingRouter(ScoringRouter):
    """What is looked at; what is expected of it, subclasses say.

    Attributes:
        retrieval: look at a first retrieval as well (it is booked under ``route``).
        kind: look at the question's label, where applications have one.
        model: tell readers apart, where outcomes of several are pooled.
    """

    retrieval: bool = True
    kind: bool = False
    model: bool = True

    @property
    def wants_retrieval(self) -> bool:
        """As configured."""
        return self.retrieval

    def inputs(self, queries: Sequence[Query]) -> Inputs:
        """Names, labels and scales of what is looked at, learned from training queries."""
        return Inputs.fit(
            queries, retrieval=self.retrieval, kind=self.kind, model=self.model, probes=self.probes
        )

    def rows(self, queries: Sequence[Query]) -> Matrix:
        """The fitted router's numbers for these queries, shape (queries, columns)."""
        return Inputs.restore(self.learned["inputs"]).matrix(queries)
