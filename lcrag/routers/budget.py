"""The budget router: one budget over all queries, spent where it is expected to buy most."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Self

import numpy as np

from lcrag.allocation.knapsack import allocate
from lcrag.allocation.online import OnlineAllocator
from lcrag.errors import LcragError
from lcrag.routers.base import Decision, ReplayableRouter
from lcrag.routers.learning.examples import Examples
from lcrag.routers.learning.query import Query, look
from lcrag.routers.learning.scoring import Matrix, ScoringRouter
from lcrag.routers.quality import QualityRouter
from lcrag.schema import Question
from lcrag.strategies.base import Strategy, Toolbox

KNOWN = 500  # examples that the first multiplier is made from


@dataclass(frozen=True)
class BudgetRouter(ReplayableRouter):
    """Give each query a strategy, so that expected quality is highest within a budget for all of them.

    Many queries at once are one multiple-choice knapsack (``lcrag.allocation.allocate``). Queries that come one at a
    time are decided at a price of cost that moves with what is left of the budget (``OnlineAllocator``).
    Costs are expected ones: what an answer takes in fact can be more or less.

    Attributes:
        total: the budget, in the unit of cost of the examples it learned from (tokens, unless said otherwise).
        questions: how many queries the budget is for; then a batch of them gets its share, as the test part of a fold
            does. Needed for queries that come one at a time; 0 gives the whole budget to a batch.
        predictor: expects quality and cost of each strategy.
    """

    total: float
    name: str = "budget_router"
    questions: int = 0
    predictor: ScoringRouter = field(default_factory=QualityRouter)
    _learned: Any = field(default=None, repr=False, compare=False)
    _running: dict[tuple[str, ...], OnlineAllocator] = field(
        default_factory=dict, init=False, repr=False, compare=False
    )

    def __post_init__(self) -> None:
        if isinstance(self.total, bool) or not self.total > 0:
            raise ValueError(f"total is {self.total!r}: a budget must be above 0")
        if self.questions < 0:
            raise ValueError(f"questions is {self.questions}: give how many will come, or 0")
        if not isinstance(self.predictor, ScoringRouter):
            raise ValueError("the predictor must expect a quality of each strategy: quality, knn or feature")
        if self.predictor.probe:
            raise ValueError("the predictor must not probe: what a probe costs is spent before the budget is")

    @property
    def needs_embedding(self) -> bool:
        """As the predictor."""
        return self.predictor.needs_embedding

    @property
    def wants_retrieval(self) -> bool:
        """As the predictor."""
        return self.predictor.wants_retrieval

    def fit(self, examples: Examples) -> Self:
        """A copy whose predictor has learned from the examples."""
        fitted = self.predictor.fit(examples)
        known = examples.queries[:KNOWN]
        expected = {"quality": fitted.predict(known), "cost": _costs(fitted, known)}
        return replace(self, _learned={"predictor": fitted, **expected})

    def choose(self, queries: Sequence[Query], candidates: Sequence[str]) -> list[Decision]:
        """A decision for each query, within the budget or the batch's share of it.

        Raises:
            LcragError: the budget is below what the cheapest strategies cost, or nothing was fitted.
        """
        if not queries:
            return []
        predictor: ScoringRouter = self.learned["predictor"]
        names, open_ = self._open(candidates)
        quality, cost = predictor.predict(queries)[:, open_], _costs(predictor, queries)[:, open_]
        budget = self.total * len(queries) / self.questions if self.questions else self.total
        found = allocate(quality, cost, budget, method="lagrangian")
        return [
            Decision(names[c], f"expected {q[c]:.2f} for {x[c]:.4g}")
            for c, q, x in zip(found.choices, quality, cost, strict=True)
        ]

    def choose_next(self, query: Query, candidates: Sequence[str]) -> Decision:
        """A decision for the next of ``questions`` queries; its expected cost is taken from the budget.

        Raises:
            LcragError: ``questions`` is not set, more come than were announced, or nothing fits into what is left.
        """
        if not self.questions:
            raise LcragError(
                f"Router {self.name} decides one query at a time: set `questions`, how many will come."
            )
        names, open_ = self._open(candidates)
        predictor: ScoringRouter = self.learned["predictor"]
        key = tuple(names)
        if key not in self._running:
            known = self.learned["quality"][:, open_], self.learned["cost"][:, open_]
            self._running[key] = OnlineAllocator(self.total, self.questions, *known)
        running = self._running[key]
        quality, cost = predictor.predict([query])[0, open_], _costs(predictor, [query])[0, open_]
        chosen = running.choose(quality, cost)
        why = f"expected {quality[chosen]:.2f} for {cost[chosen]:.4g}, {running.left:.4g} left"
        return Decision(names[chosen], why)

    async def route(self, question: Question, candidates: Mapping[str, Strategy], tools: Toolbox) -> Decision:
        """The next question's decision."""
        query = await look(question, tools, retrieval=self.wants_retrieval, embedding=self.needs_embedding)
        return self.choose_next(query, list(candidates))

    def _open(self, candidates: Sequence[str]) -> tuple[list[str], list[int]]:
        """Names and places of the strategies that it knows and may choose."""
        known: list[str] = self.learned["predictor"].strategies
        open_ = [i for i, s in enumerate(known) if s in candidates]
        if not open_:
            raise LcragError(
                f"Router {self.name} knows {', '.join(known)}; the strategies are: {', '.join(candidates)}."
            )
        return [known[i] for i in open_], open_


def for_all(router: Any, queries: int) -> Any:
    """The router; a budget that is for no stated number of queries becomes one for these, however they are divided."""
    if isinstance(router, BudgetRouter) and not router.questions:
        return replace(router, questions=queries)
    return router


def _costs(predictor: ScoringRouter, queries: Sequence[Query]) -> Matrix:
    """Expected costs in the examples' unit, shape (queries, strategies)."""
    return np.asarray(
        np.maximum(predictor.expected_costs(queries) * predictor.learned["dearest"], 0.0), float
    )
