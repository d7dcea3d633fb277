"""The LaRA rule with a prior for how well a model reads long contexts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Self

import numpy as np

from lcrag.routers.base import Decision, ReplayableRouter, nearest
from lcrag.routers.lara_rule import kind_of
from lcrag.routers.learning.examples import Examples
from lcrag.routers.learning.query import Query

PUBLISHED = {"location": -0.026, "reasoning": 0.016, "comparison": 0.148, "hallucination": -0.164}


@dataclass(frozen=True)
class LaRAPrior(ReplayableRouter):
    """Long context where the kind's advantage and the model's add up to more than nothing.

    LaRA's main table (arXiv 2502.09977) has one model whose long context fails altogether, and the rule with it. The
    advantage of long context over retrieval is taken as kind's plus model's. Unfitted, the kind's is the table's mean
    over both lengths and the model's is 0: then this is the LaRA rule. ``fit`` moves both towards the outcomes.

    Attributes:
        weight: questions that the published advantage of a kind, and no advantage of a model, count for.
    """

    retrieval: str = "chunked_retrieval"
    long_context: str = "long_context"
    weight: float = 50.0
    name: str = "lara_prior"
    _learned: Any = field(default=None, repr=False, compare=False)

    def fit(self, examples: Examples) -> Self:
        """A copy with advantages of kinds, then of models by what the kinds leave over."""
        nearest(self.retrieval, examples.strategies, self.name)
        nearest(self.long_context, examples.strategies, self.name)
        column = {s: i for i, s in enumerate(examples.strategies)}
        gain = examples.scores[:, column[self.long_context]] - examples.scores[:, column[self.retrieval]]
        known = np.flatnonzero(~np.isnan(gain))
        by_kind: dict[str, list[float]] = {k: [] for k in PUBLISHED}
        for i in known:
            by_kind[kind_of(examples.queries[i])[0]].append(float(gain[i]))
        kinds = self._means(by_kind, PUBLISHED)
        by_model: dict[str, list[float]] = {}
        for i in known:
            query = examples.queries[i]
            by_model.setdefault(query.model, []).append(float(gain[i]) - kinds[kind_of(query)[0]])
        return replace(self, _learned={"kinds": kinds, "models": self._means(by_model, {})})

    def _means(self, values: Mapping[str, Sequence[float]], prior: Mapping[str, float]) -> dict[str, float]:
        return {
            k: (self.weight * prior.get(k, 0.0) + sum(v)) / (self.weight + len(v)) for k, v in values.items()
        }

    def choose(self, queries: Sequence[Query], candidates: Sequence[str]) -> list[Decision]:
        """By kind and model."""
        return [self._decision(q, candidates) for q in queries]

    def _decision(self, query: Query, candidates: Sequence[str]) -> Decision:
        learned = self._learned or {"kinds": PUBLISHED, "models": {}}
        kind, _ = kind_of(query)
        gain = learned["kinds"][kind] + learned["models"].get(query.model, 0.0)
        chosen = self.long_context if gain > 0 else self.retrieval
        return Decision(nearest(chosen, candidates, self.name), f"{kind}, {gain:+.3f} for long context")
