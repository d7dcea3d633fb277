"""The stacked router: what kind of question it probably is, and what each strategy scores on each kind."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from lcrag.errors import LcragError
from lcrag.routers.learning.cost_lines import CostLines, Matrix
from lcrag.routers.learning.encoding import Encoding
from lcrag.routers.learning.examples import Examples
from lcrag.routers.learning.kind_experts import KindExperts
from lcrag.routers.learning.kind_labels import kind_labels
from lcrag.routers.learning.parts import document_parts
from lcrag.routers.learning.query import Query
from lcrag.routers.learning.question_kinds import QuestionKinds
from lcrag.routers.learning.scoring import ScoringRouter, ScoringState

INNER_FOLDS = 4
MAX_WEIGHT = 10.0  # scores are at most 1, so no answer is worth more
BISECTIONS = 30
MIN_EXAMPLES = (
    50  # of a kind, in the training part of every inner fold; rarer kinds count as the most frequent one
)


@dataclass(frozen=True)
class StackedState(ScoringState):
    """Two levels: what the question says of its kind, then all that is known.

    Attributes:
        kinds: the kinds that are told apart.
        question: tells the kind from the question alone; ``None`` where there is one kind.
        experts: tell the kind from all that is known, and each strategy's score for each kind.
        cost_weight: the one that keeps the budget; the router's own where there is no budget.
    """

    kinds: tuple[str, ...]
    question: QuestionKinds | None
    experts: KindExperts
    cost_weight: float


@dataclass(frozen=True)
class StackedRouter(ScoringRouter[StackedState]):
    """Expected score by the probable kind of the question, which is learned from labels but decided without one.

    Training questions have a kind (``hallucination`` for those without an answer); the strategies' scores depend on it
    more than on anything else. A question's words, features and first retrieval tell its kind; the answer of the probe
    and the reader's habits tell it better. A ridge regression for each kind expects each strategy's score from
    features, the probe's answer and the reader; the probabilities of the kinds weigh them. The second level learns from
    what the first one says of documents that it has not seen (stacking, Wolpert 1992), and so does the cost weight that
    keeps the budget.

    Attributes:
        probe: a strategy that is run first, so that the signals of its answer are known; it is paid for.
        budget: mean cost per query, as a multiple of the dearest strategy's mean cost: ``fit`` sets the lowest
            ``cost_weight`` that keeps it on training documents that were left out. 0 leaves ``cost_weight`` as it is.
        words: read the question's words.
        embedding: read the question's embedding.
        retrieval: see features of a first retrieval; its cost is booked as that of any search.
        model: tell readers apart, where outcomes of several are pooled.
    """

    name: str = "stacked_router"
    probe: str = "chunked_retrieval"
    budget: float = 0.0
    words: bool = True
    embedding: bool = False
    retrieval: bool = True
    model: bool = True

    def __post_init__(self) -> None:
        super().__post_init__()
        if not self.budget >= 0:
            raise ValueError(f"budget must not be negative, but is {self.budget!r}")

    @property
    def needs_embedding(self) -> bool:
        """As ``embedding`` says."""
        return self.embedding

    @property
    def needs_text(self) -> bool:
        """It reads the words of the question, unless told not to."""
        return self.words or self.embedding

    @property
    def wants_retrieval(self) -> bool:
        """As ``retrieval`` says."""
        return self.retrieval

    def fit(self, examples: Examples) -> Self:
        """A copy that has learned from the examples in which every strategy is scored.

        Raises:
            LcragError: as other scoring routers, or the budget is set but a cost is unknown or it is not enough.
        """
        if self.budget and np.isnan(examples.mean_costs).any():
            raise LcragError(
                f"Router {self.name} has a budget, but the outcomes do not say what every strategy costs: set its "
                "budget to 0, or count costs in another unit."
            )
        fitted = super().fit(examples)
        return fitted.with_state(fitted.state, cost_weight=fitted.fitted_state.cost_weight)

    def _learn(self, examples: Examples, costs: CostLines) -> StackedState:
        parts = document_parts(examples.clusters, INNER_FOLDS)
        kinds, labels = kind_labels(examples, parts)
        question: QuestionKinds | None = None
        logits: Matrix = np.zeros((len(examples), 0))
        if len(kinds) > 1:
            question = self._question(examples.queries, labels)
            logits = self._unseen_logits(examples, labels, parts)
        experts = self._experts(examples, labels, logits)
        state = StackedState(costs, kinds, question, experts, self.cost_weight)
        if not self.budget:
            return state
        quality = self._unseen_quality(examples, labels, logits, parts) if len(parts) > 1 else None
        if quality is None:
            quality = experts.predict(examples.queries, logits)
        return replace(state, cost_weight=self._budget_weight(examples, quality, costs))

    def _question(self, queries: Sequence[Query], labels: NDArray[np.int64]) -> QuestionKinds:
        return QuestionKinds.fit(
            queries, labels, words=self.words, embedding=self.embedding, retrieval=self.retrieval
        )

    def _experts(self, examples: Examples, labels: NDArray[np.int64], logits: Matrix) -> KindExperts:
        encoding = Encoding.fit(
            examples.queries, retrieval=self.retrieval, kind=False, model=self.model, probes=self.probes
        )
        return KindExperts.fit(examples.queries, labels, logits, examples.scores, encoding)

    def _unseen_logits(
        self, examples: Examples, labels: NDArray[np.int64], parts: Sequence[NDArray[Any]]
    ) -> Matrix:
        """Logits of every query by a model that has not seen its document."""
        logits = []
        for test in parts:
            train = np.setdiff1d(np.arange(len(examples)), test)
            question = self._question([examples.queries[i] for i in train], labels[train])
            logits.append(question.logits([examples.queries[i] for i in test]))
        order = np.argsort(np.concatenate(list(parts)))
        return np.concatenate(logits)[order]

    def _unseen_quality(
        self,
        examples: Examples,
        labels: NDArray[np.int64],
        logits: Matrix,
        parts: Sequence[NDArray[Any]],
    ) -> Matrix:
        """Expected scores of every query by experts that have not seen its document."""
        quality = np.empty(examples.scores.shape)
        for test in parts:
            train = np.setdiff1d(np.arange(len(examples)), test)
            experts = self._experts(examples.take(train), labels[train], logits[train])
            quality[test] = experts.predict([examples.queries[i] for i in test], logits[test])
        return quality

    def _budget_weight(self, examples: Examples, quality: Matrix, costs: CostLines) -> float:
        """The lowest cost weight whose decisions keep the budget on average.

        Raises:
            LcragError: the cheapest decisions cost more than the budget.
        """
        expected, is_probe = costs.expected(examples.queries), np.isin(examples.strategies, self.probes)
        expected[:, is_probe] = 0.0
        rows, paid = np.arange(len(examples)), examples.costs[:, is_probe].sum(1)
        answers = np.where(is_probe, 0.0, examples.costs)
        limit = self.budget * examples.mean_costs.max()

        def mean_cost(weight: float) -> float:
            return float((paid + answers[rows, (quality - weight * expected).argmax(1)]).mean())

        low, high = 0.0, MAX_WEIGHT
        if mean_cost(low) <= limit:
            return low
        if mean_cost(high) > limit:
            raise LcragError(
                f"Router {self.name} has a budget of {self.budget} times the dearest strategy's cost, but its cheapest "
                f"decisions take {mean_cost(high) / examples.mean_costs.max():.3f}: give more, or no probe."
            )
        for _ in range(BISECTIONS):
            middle = (low + high) / 2
            low, high = (low, middle) if mean_cost(middle) <= limit else (middle, high)
        return high

    def logits(self, queries: Sequence[Query]) -> Matrix:
        """What the question alone says of its kind, shape (queries, outputs)."""
        question = self.fitted_state.question
        return np.zeros((len(queries), 0)) if question is None else question.logits(queries)

    def kinds(self, queries: Sequence[Query]) -> dict[str, NDArray[np.float64]]:
        """The probability of each kind, each of shape (queries,)."""
        state = self.fitted_state
        shares = state.experts.kinds(queries, self.logits(queries))
        return dict(zip(state.kinds, shares.T, strict=True))

    def predict(self, queries: Sequence[Query]) -> Matrix:
        """Expected scores."""
        return self.fitted_state.experts.predict(queries, self.logits(queries))
