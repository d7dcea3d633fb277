"""The kind of a question by chance, and what each strategy scores on each kind."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lcrag.routers.learning.encoding import Encoding
from lcrag.routers.learning.estimators import classifier, probabilities
from lcrag.routers.learning.query import Query

Matrix = NDArray[np.float64]
RIDGE = 1000.0  # of thousands of examples of a kind; answers are too noisy for less
RIDGE_SHARE = 0.3  # of fewer examples: as much for each
# How much more than a feature these may count: chosen with RIDGE on LaRA's half `choose`. What a reader is worth with
# long texts is the strongest of them.
READER, SIGNAL, READER_BY = 3.0, 2.0, 1.5
# Milder than the other routers': its trees see the logits of the kind, and need little else.
BOOSTING: dict[str, Any] = {
    "n_estimators": 80,
    "learning_rate": 0.07,
    "max_depth": 3,
    "min_samples_leaf": 40,
    "subsample": 0.5,
    "max_features": 0.3,
    "random_state": 0,
}


@dataclass(frozen=True)
class KindExperts:
    """Two classifiers of the kind, whose probabilities are averaged, and a ridge regression of scores for each kind.

    Attributes:
        count: number of kinds K; 1 needs no classifier.
        encoding: how features, signals and the reader become numbers.
        boosting: a classifier that sees the encoding and the logits of ``QuestionKinds``; ``None`` for one kind.
        odds: the coefficients of a logistic regression on the same, shape (columns, outputs); ``predict_proba`` of a
            single query would take longer than all the rest.
        odds_constant: shape (outputs,).
        weights: of the regressions, shape (K, columns, strategies).
        constant: shape (K, strategies).
    """

    count: int
    encoding: Encoding
    boosting: Any
    odds: Matrix
    odds_constant: NDArray[np.float64]
    weights: Matrix
    constant: Matrix

    @classmethod
    def fit(
        cls,
        queries: Sequence[Query],
        labels: NDArray[np.int64],
        logits: Matrix,
        scores: Matrix,
        encoding: Encoding,
    ) -> KindExperts:
        """Learn from queries whose logits come from a model that has not seen their documents.

        Args:
            queries: the training queries.
            labels: the kind of each as an index, shape (queries,); each index below the largest occurs.
            logits: what the question alone says of the kind, shape (queries, outputs).
            scores: of each strategy, shape (queries, strategies).
            encoding: learned from queries.
        """
        from sklearn.ensemble import GradientBoostingClassifier
        from sklearn.linear_model import Ridge

        rows, count = encoding.matrix(queries), int(labels.max()) + 1
        scaled = expert_columns(encoding, rows)
        strengths = [min(RIDGE, RIDGE_SHARE * int((labels == k).sum())) for k in range(count)]
        experts = [
            Ridge(strength).fit(scaled[labels == k], scores[labels == k])
            for k, strength in enumerate(strengths)
        ]
        weights = np.array([e.coef_.T for e in experts])
        constant = np.array([e.intercept_ for e in experts])
        if count == 1:
            return cls(1, encoding, None, np.zeros((0, 0)), np.zeros(0), weights, constant)
        columns = np.hstack([rows, logits])
        boosting = GradientBoostingClassifier(**BOOSTING).fit(columns, labels)
        logistic = classifier("logistic").fit(columns, labels)
        return cls(count, encoding, boosting, logistic.coef_.T, logistic.intercept_, weights, constant)

    def kinds(self, queries: Sequence[Query], logits: Matrix) -> Matrix:
        """The probability of each kind, shape (queries, K)."""
        return self._kinds(self.encoding.matrix(queries), logits)

    def predict(self, queries: Sequence[Query], logits: Matrix) -> Matrix:
        """The expected score of each strategy, shape (queries, strategies)."""
        rows = self.encoding.matrix(queries)
        by_kind = np.matmul(expert_columns(self.encoding, rows), self.weights) + self.constant[:, None]
        return np.asarray(np.einsum("nk,kna->na", self._kinds(rows, logits), by_kind))

    def _kinds(self, rows: Matrix, logits: Matrix) -> Matrix:
        if self.count == 1:
            return np.ones((len(rows), 1))
        columns = np.hstack([rows, logits])
        odds = columns @ self.odds + self.odds_constant
        if self.count == 2:
            odds = np.hstack([-odds / 2, odds / 2])
        shares = np.exp(odds - odds.max(1, keepdims=True))
        boosted = probabilities(self.boosting, columns, self.count)
        return np.asarray((boosted + shares / shares.sum(1, keepdims=True)) / 2)


def expert_columns(encoding: Encoding, rows: Matrix) -> Matrix:
    """Rows of an encoding, scaled for the ridge, with what each reader makes of long texts and of declining.

    Args:
        encoding: names the columns.
        rows: shape (queries, columns).
    """
    names, readers = encoding.names, rows[:, rows.shape[1] - len(encoding.models) :]
    scale = np.ones(rows.shape[1])
    scale[[i for i, n in enumerate(names) if ":" in n]] = SIGNAL
    scale[rows.shape[1] - len(encoding.models) :] = READER
    by = [i for i, n in enumerate(names) if n == "log_tokens" or n.endswith(":declined")]
    return np.hstack([rows * scale, *(READER_BY * readers * rows[:, [i]] for i in by)])
