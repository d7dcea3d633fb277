"""Scoring routers that see features."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeVar

from lcrag.routers.learning.cost_lines import Matrix
from lcrag.routers.learning.encoding import Encoding
from lcrag.routers.learning.query import Query
from lcrag.routers.learning.scoring import ScoringRouter, ScoringState


@dataclass(frozen=True)
class FeatureState(ScoringState):
    """What every router learns that sees features.

    Attributes:
        encoding: how queries become rows of numbers.
    """

    encoding: Encoding


Features = TypeVar("Features", bound=FeatureState)


@dataclass(frozen=True)
class FeatureScoringRouter(ScoringRouter[Features]):
    """Feature options; subclasses predict.

    Attributes:
        retrieval: see features of a first retrieval; its cost is booked as that of any search.
        kind: see the question's label, where applications have one.
        model: tell readers apart, where outcomes of several are pooled.
    """

    retrieval: bool = True
    kind: bool = False
    model: bool = True

    @property
    def wants_retrieval(self) -> bool:
        """As ``retrieval`` says."""
        return self.retrieval

    def encoding(self, queries: Sequence[Query]) -> Encoding:
        """The encoding by these options, learned from training queries."""
        return Encoding.fit(
            queries, retrieval=self.retrieval, kind=self.kind, model=self.model, probes=self.probes
        )

    def rows(self, queries: Sequence[Query]) -> Matrix:
        """The queries in the fitted encoding, shape (queries, columns)."""
        return self.fitted_state.encoding.matrix(queries)
