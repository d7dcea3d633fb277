"""The budget router: one budget for all queries, spent where it is expected to gain most."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Self

import numpy as np

from lcrag.allocation.knapsack import allocate
from lcrag.allocation.online import OnlineAllocator
from lcrag.errors import LcragError
from lcrag.routers.base import Decision
from lcrag.routers.learning.cost_lines import Matrix
from lcrag.routers.learning.examples import Examples
from lcrag.routers.learning.query import Query, query_of
from lcrag.routers.learning.router import LearningRouter
from lcrag.routers.learning.scoring import ScoringRouter
from lcrag.routers.quality import QualityRouter
from lcrag.schema import Question
from lcrag.strategies.base import Strategy, Toolbox

KNOWN_QUERIES = 500  # enough for a first multiplier; more would only make the router's file larger


@dataclass(frozen=True)
class BudgetState:
    """The fitted predictor, and what it expects of the first examples.

    Attributes:
        predictor: the fitted predictor.
        quality: its expected qualities, shape (examples, strategies).
        cost: its expected costs in the examples' unit, same shape.
    """

    predictor: ScoringRouter[Any]
    quality: Matrix
    cost: Matrix


@dataclass(frozen=True)
class BudgetRouter(LearningRouter[BudgetState]):
    """Give each query a strategy, so that expected quality is highest within a budget for all of them.

    Many queries at once are one multiple-choice knapsack (``lcrag.allocation.allocate``). Queries that come one at a
    time are decided by a multiplier of cost that moves with what is left of the budget (``OnlineAllocator``).
    Costs are expected ones: an answer can cost more or less.

    Attributes:
        total: the budget, in the unit of cost of the examples it learned from (tokens, unless stated otherwise).
        questions: how many queries the budget is for; then a batch of them gets its share, as the test part of a fold
            does. Needed for queries that come one at a time; 0 gives the whole budget to a batch.
        predictor: predicts quality and cost of each strategy.
    """

    total: float
    name: str = "budget_router"
    questions: int = 0
    # A plain class: that is how YAML recognises a component.
    predictor: ScoringRouter = field(default_factory=QualityRouter)  # type: ignore[type-arg]
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
        """As the predictor does."""
        return self.predictor.needs_embedding

    @property
    def needs_text(self) -> bool:
        """As the predictor does."""
        return self.predictor.needs_text

    @property
    def wants_retrieval(self) -> bool:
        """As the predictor does."""
        return self.predictor.wants_retrieval

    def fit(self, examples: Examples) -> Self:
        """A copy whose predictor has learned from the examples."""
        predictor = self.predictor.fit(examples)
        queries = examples.queries[:KNOWN_QUERIES]
        return self.with_state(BudgetState(predictor, predictor.predict(queries), _costs(predictor, queries)))

    def choose(self, queries: Sequence[Query], candidates: Sequence[str]) -> list[Decision]:
        """A decision for each query, within the budget or the batch's share of it.

        Raises:
            LcragError: the budget is below what the cheapest strategies cost, or the router is not fitted.
        """
        if not queries:
            return []
        predictor = self.fitted_state.predictor
        names, columns = self._columns(candidates)
        quality, cost = predictor.predict(queries)[:, columns], _costs(predictor, queries)[:, columns]
        budget = self.total * len(queries) / self.questions if self.questions else self.total
        allocation = allocate(quality, cost, budget, method="lagrangian")
        return [
            Decision(names[c], f"expected {q[c]:.2f} for {x[c]:.4g}")
            for c, q, x in zip(allocation.choices, quality, cost, strict=True)
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
        state, (names, columns) = self.fitted_state, self._columns(candidates)
        key = tuple(names)
        if key not in self._running:
            known = state.quality[:, columns], state.cost[:, columns]
            self._running[key] = OnlineAllocator(self.total, self.questions, *known)
        running = self._running[key]
        quality = state.predictor.predict([query])[0, columns]
        cost = _costs(state.predictor, [query])[0, columns]
        chosen = running.choose(quality, cost)
        why = f"expected {quality[chosen]:.2f} for {cost[chosen]:.4g}, {running.left:.4g} left"
        return Decision(names[chosen], why)

    async def route(self, question: Question, candidates: Mapping[str, Strategy], tools: Toolbox) -> Decision:
        """The next question's decision."""
        query = await query_of(
            question, tools, retrieval=self.wants_retrieval, embedding=self.needs_embedding
        )
        return self.choose_next(query, list(candidates))

    def _columns(self, candidates: Sequence[str]) -> tuple[list[str], list[int]]:
        """Names and columns of the strategies that it knows and may choose."""
        strategies: list[str] = self.fitted_state.predictor.strategies
        columns = [i for i, s in enumerate(strategies) if s in candidates]
        if not columns:
            raise LcragError(
                f"Router {self.name} knows {', '.join(strategies)}; the strategies are: {', '.join(candidates)}."
            )
        return [strategies[i] for i in columns], columns


def for_all(router: Any, queries: int) -> Any:
    """The router; a budget for no stated number of questions becomes one for ``queries``, in whatever batches."""
    if isinstance(router, BudgetRouter) and not router.questions:
        return replace(router, questions=queries)
    return router


def _costs(predictor: ScoringRouter[Any], queries: Sequence[Query]) -> Matrix:
    """Expected costs in the examples' unit, shape (queries, strategies)."""
    dearest = predictor.fitted_state.costs.dearest
    return np.asarray(np.maximum(predictor.expected_costs(queries) * dearest, 0.0), float)
