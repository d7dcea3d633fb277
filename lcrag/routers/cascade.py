"""A learned cascade: in which order to try strategies, and when to stop."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from lcrag.errors import LcragError
from lcrag.routers.base import Decision, ReplayableRouter
from lcrag.routers.learning.encoding import Inputs
from lcrag.routers.learning.estimators import classifier
from lcrag.routers.learning.examples import Examples
from lcrag.routers.learning.query import Query

Vector = NDArray[np.float64]


@dataclass(frozen=True)
class CascadeRouter(ReplayableRouter):
    """FrugalGPT's cascade (Chen et al. 2024, arXiv 2305.05176, section 3) with strategies for models.

    A scorer for each strategy says from question and answer how likely the answer is right; the first answer above its
    threshold is taken, and all that were asked for are paid. ``fit`` tries every order of up to ``most`` strategies
    with thresholds on quantiles of the scores, and keeps the most accurate one whose mean cost is within the budget.
    The paper's scorer is a DistilBERT; this one is a logistic regression on features and the answer's signals.

    Attributes:
        budget: mean cost a query, in mean costs of the dearest strategy.
        most: strategies in the cascade.
        quantiles: thresholds that are tried for each stage.
        right: the score from which an answer counts as right.
        retrieval, model: what is looked at, as in ``FeatureRouter``.
    """

    name: str = "cascade_router"
    budget: float = 1.0
    most: int = 3
    quantiles: int = 20
    right: float = 0.5
    retrieval: bool = True
    model: bool = True
    _learned: Any = field(default=None, repr=False, compare=False)

    def __post_init__(self) -> None:
        if not self.budget > 0:
            raise ValueError(f"budget must be positive, but is {self.budget!r}")

    @property
    def order(self) -> tuple[str, ...]:
        """Strategies in the order in which they are tried.

        Raises:
            LcragError: nothing was fitted.
        """
        return tuple(self.learned["order"])

    @property
    def probes(self) -> tuple[str, ...]:
        """All but the last; before it is fitted, any."""
        return self.order[:-1] if self._learned else ()

    @property
    def wants_retrieval(self) -> bool:
        """As configured."""
        return self.retrieval

    def fit(self, examples: Examples) -> Self:
        """A copy with scorers, order and thresholds.

        Raises:
            LcragError: no question has score and cost of every strategy, or no strategy is within the budget.
        """
        known = ~np.isnan(examples.scores).any(1) & ~np.isnan(examples.costs).any(1)
        data = examples.take(np.flatnonzero(known))
        if not len(data):
            raise LcragError(
                f"Router {self.name} has nothing to learn from: no question has score and cost of every strategy."
            )
        scorers = {s: self._scorer(data, i) for i, s in enumerate(data.strategies)}
        trust = np.column_stack([_trust(scorers[s], data.queries) for s in data.strategies])
        limit = self.budget * data.mean_costs.max()
        best: tuple[float, float, tuple[int, ...], tuple[float, ...]] | None = None
        for length in range(1, min(self.most, len(data.strategies)) + 1):
            for order in itertools.permutations(range(len(data.strategies)), length):
                for thresholds in itertools.product(*(self._grid(trust[:, i]) for i in order[:-1])):
                    score, cost = _run(order, thresholds, trust, data)
                    if cost <= limit * (1 + 1e-9) and (best is None or (score, -cost) > (best[0], -best[1])):
                        best = (score, cost, order, thresholds)
        if best is None:
            cheapest = data.mean_costs.min() / data.mean_costs.max()
            raise LcragError(
                f"Router {self.name}: the cheapest strategy costs {cheapest:.2f} of the dearest, the budget is "
                f"{self.budget:.2f}: raise it."
            )
        names = [data.strategies[i] for i in best[2]]
        kept = {"order": names, "thresholds": list(best[3]), "scorers": {n: scorers[n] for n in names}}
        return replace(self, _learned=kept)

    def _grid(self, trust: Vector) -> list[float]:
        """Quantiles, rounded down: whether an answer is trusted must not hang on the last bit of a product."""
        quantiles = np.quantile(trust, np.linspace(0, 1, self.quantiles))
        return sorted({float(x) for x in np.floor(quantiles * 1e6) / 1e6})

    def _scorer(self, data: Examples, strategy: int) -> dict[str, Any]:
        name = data.strategies[strategy]
        inputs = Inputs.fit(
            data.queries, retrieval=self.retrieval, kind=False, model=self.model, probes=(name,)
        )
        right = data.scores[:, strategy] >= self.right
        if right.all() or not right.any():
            return {"inputs": inputs.state(), "only": float(right.mean())}
        return {
            "inputs": inputs.state(),
            "estimator": classifier("logistic").fit(inputs.matrix(data.queries), right),
        }

    def more(self, query: Query, candidates: Sequence[str]) -> str:
        """The next strategy, unless the last answer is good enough."""
        for name, threshold in zip(self.order[:-1], self._learned["thresholds"], strict=True):
            if name not in query.signals:
                return name
            if _trust(self._learned["scorers"][name], [query])[0] >= threshold:
                return ""
        return ""

    def choose(self, queries: Sequence[Query], candidates: Sequence[str]) -> list[Decision]:
        """The first strategy whose answer is good enough."""
        order = self.order
        if missing := [s for s in order if s not in candidates]:
            raise LcragError(
                f"Router {self.name} tries {missing[0]!r}; the strategies are: {', '.join(candidates)}."
            )
        stage = np.full(len(queries), len(order) - 1)
        trust = np.full(len(queries), np.nan)
        for i in reversed(range(len(order) - 1)):
            seen = [j for j, q in enumerate(queries) if order[i] in q.signals]
            if seen:
                sure = _trust(self._learned["scorers"][order[i]], [queries[j] for j in seen])
                good = sure >= self._learned["thresholds"][i]
                stage[np.array(seen)[good]], trust[np.array(seen)[good]] = i, sure[good]
        return [
            Decision(order[s], "last" if np.isnan(t) else f"trusted {t:.2f}", order[: s + 1])
            for s, t in zip(stage, trust, strict=True)
        ]


def _trust(scorer: dict[str, Any], queries: Sequence[Query]) -> Vector:
    if "only" in scorer:
        return np.full(len(queries), scorer["only"])
    rows = Inputs.restore(scorer["inputs"]).matrix(queries)
    return np.asarray(scorer["estimator"].predict_proba(rows)[:, 1])


def _run(
    order: Sequence[int], thresholds: Sequence[float], trust: NDArray[np.float64], data: Examples
) -> tuple[float, float]:
    """Mean score and mean cost of a cascade."""
    open_ = np.ones(len(data), bool)
    score, cost = np.zeros(len(data)), np.zeros(len(data))
    for stage, i in enumerate(order):
        cost[open_] += data.costs[open_, i]
        taken = open_ & (trust[:, i] >= thresholds[stage]) if stage < len(thresholds) else open_
        score[taken] = data.scores[taken, i]
        open_ = open_ & ~taken
    return float(score.mean()), float(cost.mean())
