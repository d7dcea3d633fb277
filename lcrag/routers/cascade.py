"""A learned cascade: in which order to try strategies, and when to stop."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from lcrag.errors import LcragError
from lcrag.routers.base import Decision
from lcrag.routers.learning.cascade_search import best_cascade
from lcrag.routers.learning.encoding import Encoding
from lcrag.routers.learning.estimators import classifier
from lcrag.routers.learning.examples import Examples
from lcrag.routers.learning.parts import document_parts
from lcrag.routers.learning.query import Query
from lcrag.routers.learning.router import LearningRouter

INNER_FOLDS = 3  # of the training examples, for the choice of order and thresholds


@dataclass(frozen=True)
class Scorer:
    """How likely one strategy's answer is right.

    Attributes:
        encoding: of the query with the strategy's signals.
        estimator: a classifier of right answers; ``None`` if all training answers were alike.
        share: share of right answers among those of training.
    """

    encoding: Encoding
    estimator: Any
    share: float

    def trust(self, queries: Sequence[Query]) -> NDArray[np.float64]:
        """Probability that the answer is right, shape (queries,)."""
        if self.estimator is None:
            return np.full(len(queries), self.share)
        return np.asarray(self.estimator.predict_proba(self.encoding.matrix(queries))[:, 1])


@dataclass(frozen=True)
class CascadeState:
    """The cascade that ``fit`` chose.

    Attributes:
        order: strategies in the order in which they are tried.
        thresholds: for each but the last, the trust from which its answer is accepted.
        scorers: for each strategy of ``order``, its scorer.
    """

    order: tuple[str, ...]
    thresholds: tuple[float, ...]
    scorers: dict[str, Scorer]


@dataclass(frozen=True)
class CascadeRouter(LearningRouter[CascadeState]):
    """FrugalGPT's cascade (Chen et al. 2024, arXiv 2305.05176, section 3) with strategies for models.

    A scorer for each strategy predicts from question and answer how likely the answer is right. The first answer above
    its threshold is accepted; every strategy that was run is paid for. ``fit`` keeps the most accurate cascade whose
    mean cost is within the budget. Up to three strategies it tries every order with all thresholds; of more it tries
    the most promising orders, as the paper does (see ``lcrag.routers.learning.cascade_search``). Order and thresholds
    are chosen on the trust of scorers that learned from other documents: on its own training data a scorer trusts too
    well. The scorers that are kept learn from all.
    The paper's scorer is a DistilBERT; this one is a logistic regression on features and the answer's signals.

    Attributes:
        budget: mean cost per query, as a multiple of the dearest strategy's mean cost.
        max_strategies: bound on the strategies in the cascade.
        quantiles: thresholds that are tried for each strategy.
        correct_threshold: the score from which an answer counts as right.
        retrieval, model: see ``FeatureRouter``.
    """

    name: str = "cascade_router"
    budget: float = 1.0
    max_strategies: int = 3
    quantiles: int = 20
    correct_threshold: float = 0.5
    retrieval: bool = True
    model: bool = True

    def __post_init__(self) -> None:
        if not self.budget > 0:
            raise ValueError(f"budget must be positive, but is {self.budget!r}")

    @property
    def order(self) -> tuple[str, ...]:
        """Strategies in the order in which they are tried.

        Raises:
            LcragError: the router is not fitted.
        """
        return self.fitted_state.order

    @property
    def probes(self) -> tuple[str, ...]:
        """All strategies of the cascade but the last; none before ``fit``."""
        return self.state.order[:-1] if self.state else ()

    @property
    def wants_retrieval(self) -> bool:
        """As ``retrieval`` says."""
        return self.retrieval

    def fit(self, examples: Examples) -> Self:
        """A copy with scorers, order and thresholds.

        Raises:
            LcragError: no question has score and cost of every strategy, or no strategy is within the budget.
        """
        complete = ~np.isnan(examples.scores).any(1) & ~np.isnan(examples.costs).any(1)
        data = examples.take(np.flatnonzero(complete))
        if not len(data):
            raise LcragError(
                f"Router {self.name} has nothing to learn from: no question has score and cost of every strategy."
            )
        scorers = {s: self._scorer(data, i) for i, s in enumerate(data.strategies)}
        kept_trust = np.column_stack([scorers[s].trust(data.queries) for s in data.strategies])
        trust, dearest = self._unseen_trust(data), data.mean_costs.max()
        limit = self.budget * dearest
        best = best_cascade(data, trust, limit, self.max_strategies, self.quantiles, kept_trust)
        if best is None:
            raise LcragError(
                f"Router {self.name}: the cheapest strategy costs {data.mean_costs.min() / dearest:.2f} of the "
                f"dearest, the budget is {self.budget:.2f}: raise it."
            )
        order = tuple(data.strategies[i] for i in best.order)
        return self.with_state(CascadeState(order, best.thresholds, {s: scorers[s] for s in order}))

    def _unseen_trust(self, data: Examples) -> NDArray[np.float64]:
        """Trust in each answer by a scorer that has not seen its document, shape (N, strategies).

        With one document there is no other to learn from: then the scorers have seen it.
        """
        everything = np.arange(len(data))
        trust = np.empty(data.scores.shape)
        parts = document_parts(data.clusters, INNER_FOLDS)
        for part in parts:
            train = data.take(np.setdiff1d(everything, part)) if len(parts) > 1 else data
            queries = [data.queries[i] for i in part]
            for i in range(len(data.strategies)):
                trust[part, i] = self._scorer(train, i).trust(queries)
        return trust

    def _scorer(self, data: Examples, strategy: int) -> Scorer:
        name = data.strategies[strategy]
        encoding = Encoding.fit(
            data.queries, retrieval=self.retrieval, kind=False, model=self.model, probes=(name,)
        )
        correct = data.scores[:, strategy] >= self.correct_threshold
        mixed = correct.any() and not correct.all()
        estimator = classifier("logistic").fit(encoding.matrix(data.queries), correct) if mixed else None
        return Scorer(encoding, estimator, float(correct.mean()))

    def next_probe(self, query: Query, candidates: Sequence[str]) -> str:
        """The next strategy, unless the last answer is accepted."""
        state = self.fitted_state
        for strategy, threshold in zip(state.order[:-1], state.thresholds, strict=True):
            if strategy not in query.signals:
                return strategy
            if state.scorers[strategy].trust([query])[0] >= threshold:
                return ""
        return ""

    def choose(self, queries: Sequence[Query], candidates: Sequence[str]) -> list[Decision]:
        """The first strategy whose answer is accepted."""
        state = self.fitted_state
        order = state.order
        if missing := [s for s in order if s not in candidates]:
            raise LcragError(
                f"Router {self.name} tries {missing[0]!r}; the strategies are: {', '.join(candidates)}."
            )
        stage = np.full(len(queries), len(order) - 1)
        trust = np.full(len(queries), np.nan)
        for i in reversed(range(len(order) - 1)):
            answered = np.array([j for j, q in enumerate(queries) if order[i] in q.signals], int)
            if len(answered):
                values = state.scorers[order[i]].trust([queries[j] for j in answered])
                accepted = values >= state.thresholds[i]
                stage[answered[accepted]], trust[answered[accepted]] = i, values[accepted]
        return [
            Decision(order[s], "last" if np.isnan(t) else f"trusted {t:.2f}", order[: s + 1])
            for s, t in zip(stage, trust, strict=True)
        ]
