"""Variants of `stacked` with a second level: they correct what it expects long context to gain."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray
from routing_data import LC, RAG

from lcrag.routers import Examples, Query, StackedRouter
from lcrag.routers.learning.cost_lines import CostLines
from lcrag.routers.learning.kind_labels import kind_labels
from lcrag.routers.learning.parts import document_parts
from lcrag.routers.stacked import INNER_FOLDS, StackedState

Matrix = NDArray[np.float64]
Extra = Callable[[Sequence[Query]], Matrix]  # more columns of the second level


@dataclass(frozen=True)
class SecondState(StackedState):
    """What the second level learned.

    Attributes:
        correction: predicts the gain of long context from the columns of ``SecondLevel``.
    """

    correction: Any = None


@dataclass(frozen=True)
class SecondLevel(StackedRouter):
    """`stacked`, then a model of long context's gain that learns from what `stacked` expects of unseen documents.

    Attributes:
        make: an estimator with ``fit(columns, gains)`` and ``predict(columns)``.
        extra: further columns.
        blend: the share of the second level in the expected gain; the rest is what `stacked` expects.
        narrow: the second level sees the expected scores alone, and ``extra``.
    """

    make: Callable[[], Any] | None = None
    extra: Extra | None = None
    blend: float = 1.0
    narrow: bool = False

    def _learn(self, examples: Examples, costs: CostLines) -> SecondState:
        parts = document_parts(examples.clusters, INNER_FOLDS)
        kinds, labels = kind_labels(examples, parts)
        question = self._question(examples.queries, labels)
        logits = self._unseen_logits(examples, labels, parts)
        experts = self._experts(examples, labels, logits)
        quality = self._unseen_quality(examples, labels, logits, parts)
        long, short = examples.strategies.index(LC), examples.strategies.index(RAG)
        gains = examples.scores[:, long] - examples.scores[:, short]
        columns = self._columns(examples.queries, experts.encoding, logits, quality)
        predicted = np.empty(len(examples))
        for test in parts:
            train = np.setdiff1d(np.arange(len(examples)), test)
            predicted[test] = self._made().fit(columns[train], gains[train]).predict(columns[test])
        correction = self._made().fit(columns, gains)
        corrected = self._corrected(quality, predicted, long, short)
        weight = self._budget_weight(examples, corrected, costs)
        return SecondState(costs, kinds, question, experts, weight, correction)

    def _made(self) -> Any:
        assert self.make is not None
        return self.make()

    def _columns(self, queries: Sequence[Query], encoding: Any, logits: Matrix, quality: Matrix) -> Matrix:
        parts = [quality] if self.narrow else [encoding.matrix(queries), logits, quality]
        return np.hstack(
            [*parts, quality[:, :1] - quality[:, 1:], *([self.extra(queries)] if self.extra else [])]
        )

    def _corrected(self, quality: Matrix, predicted: NDArray[np.float64], long: int, short: int) -> Matrix:
        corrected = quality.copy()
        gain = quality[:, long] - quality[:, short]
        corrected[:, long] = quality[:, short] + self.blend * predicted + (1 - self.blend) * gain
        return corrected

    def predict(self, queries: Sequence[Query]) -> Matrix:
        """Expected scores, corrected."""
        state: Any = self.fitted_state
        logits = self.logits(queries)
        quality = state.experts.predict(queries, logits)
        columns = self._columns(queries, state.experts.encoding, logits, quality)
        long, short = (self.strategies.index(s) for s in (LC, RAG))
        return self._corrected(quality, state.correction.predict(columns), long, short)


@dataclass(frozen=True)
class Ensemble(SecondLevel):
    """The mean of what two stacked routers expect: this one reads the embedding, the other does not."""

    def _learn(self, examples: Examples, costs: CostLines) -> SecondState:
        parts = document_parts(examples.clusters, INNER_FOLDS)
        kinds, labels = kind_labels(examples, parts)
        members, qualities = [], []
        for router in (self, replace(self, embedding=False)):
            question = router._question(examples.queries, labels)
            logits = router._unseen_logits(examples, labels, parts)
            members.append((question, router._experts(examples, labels, logits)))
            qualities.append(router._unseen_quality(examples, labels, logits, parts))
        weight = self._budget_weight(examples, np.mean(qualities, axis=0), costs)
        return SecondState(costs, kinds, *members[0], weight, members)

    def predict(self, queries: Sequence[Query]) -> Matrix:
        """Expected scores, averaged."""
        state: Any = self.fitted_state
        return np.mean([e.predict(queries, q.logits(queries)) for q, e in state.correction], axis=0)


class Isotonic:
    """The gain as an increasing function of the expected one, which is the last column."""

    def fit(self, columns: Matrix, gains: NDArray[np.float64]) -> Isotonic:
        """Learn the function."""
        from sklearn.isotonic import IsotonicRegression

        self.curve = IsotonicRegression(increasing="auto", out_of_bounds="clip").fit(columns[:, -1], gains)
        return self

    def predict(self, columns: Matrix) -> NDArray[np.float64]:
        """The gain; a little of the expected one keeps apart what the steps make equal."""
        sign = 1.0 if self.curve.increasing_ else -1.0
        return np.asarray(self.curve.predict(columns[:, -1]) + sign * 1e-3 * columns[:, -1])


@dataclass
class WinOrLoss:
    """A classifier of who wins, each query weighted by what the choice is worth (cost-sensitive)."""

    model: Any
    worth: float = 0.0

    def fit(self, columns: Matrix, gains: NDArray[np.float64]) -> WinOrLoss:
        """Learn from the queries whose strategies score differently."""
        use = gains != 0
        self.model.fit(columns[use], gains[use] > 0, sample_weight=np.abs(gains[use]))
        self.worth = float(np.abs(gains).mean())
        return self

    def predict(self, columns: Matrix) -> NDArray[np.float64]:
        """The expected gain, if every query were worth as much as the mean one."""
        return np.asarray((2 * self.model.predict_proba(columns)[:, 1] - 1) * self.worth)
