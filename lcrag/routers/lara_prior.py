"""The LaRA rule with a prior for how well a model reads long contexts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Self

import numpy as np

from lcrag.routers.base import Decision, check_candidate
from lcrag.routers.lara_rule import kind_of
from lcrag.routers.learning.examples import Examples
from lcrag.routers.learning.query import Query
from lcrag.routers.learning.router import LearningRouter

# Mean advantage of long context over retrieval in LaRA's main table, over both lengths.
PUBLISHED = {"location": -0.026, "reasoning": 0.016, "comparison": 0.148, "hallucination": -0.164}


@dataclass(frozen=True)
class LaRAState:
    """The advantage of long context over retrieval, as a difference of scores.

    Attributes:
        kinds: by the question's kind.
        models: by the reader's name, in addition to the kind's.
    """

    kinds: dict[str, float]
    models: dict[str, float]


UNFITTED = LaRAState(PUBLISHED, {})


@dataclass(frozen=True)
class LaRAPrior(LearningRouter[LaRAState]):
    """Long context where the kind's advantage and the model's add up to more than nothing.

    In LaRA's main table (arXiv 2502.09977) one model's long context fails altogether, and the rule fails with it.
    So the advantage of long context over retrieval is the kind's plus the model's. Before ``fit`` the kind's is the
    mean of the table and the model's is 0: then this is the LaRA rule. ``fit`` moves both towards the outcomes.

    Attributes:
        retrieval: the strategy that retrieves.
        long_context: the strategy that reads the whole document.
        weight: how many questions the prior counts for: the published advantage of a kind, 0 of a model.
    """

    retrieval: str = "chunked_retrieval"
    long_context: str = "long_context"
    weight: float = 50.0
    name: str = "lara_prior"

    def fit(self, examples: Examples) -> Self:
        """A copy with the advantages of kinds, then of models in what the kinds leave unexplained."""
        long_context, retrieval = (
            examples.strategies.index(check_candidate(s, examples.strategies, self.name))
            for s in (self.long_context, self.retrieval)
        )
        gains = examples.scores[:, long_context] - examples.scores[:, retrieval]
        known = np.flatnonzero(~np.isnan(gains))
        by_kind: dict[str, list[float]] = {k: [] for k in PUBLISHED}
        for i in known:
            by_kind[kind_of(examples.queries[i])[0]].append(float(gains[i]))
        kinds = self._means(by_kind, PUBLISHED)
        by_model: dict[str, list[float]] = {}
        for i in known:
            query = examples.queries[i]
            by_model.setdefault(query.model, []).append(float(gains[i]) - kinds[kind_of(query)[0]])
        return self.with_state(LaRAState(kinds, self._means(by_model, {})))

    def _means(self, values: Mapping[str, Sequence[float]], prior: Mapping[str, float]) -> dict[str, float]:
        return {
            k: (self.weight * prior.get(k, 0.0) + sum(v)) / (self.weight + len(v)) for k, v in values.items()
        }

    def choose(self, queries: Sequence[Query], candidates: Sequence[str]) -> list[Decision]:
        """By kind and model."""
        return [self._decision(q, candidates) for q in queries]

    def _decision(self, query: Query, candidates: Sequence[str]) -> Decision:
        state = self.state or UNFITTED
        kind, _ = kind_of(query)
        gain = state.kinds[kind] + state.models.get(query.model, 0.0)
        strategy = self.long_context if gain > 0 else self.retrieval
        return Decision(
            check_candidate(strategy, candidates, self.name), f"{kind}, {gain:+.3f} for long context"
        )
