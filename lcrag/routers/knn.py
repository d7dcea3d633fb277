"""Nearest neighbours: the strategy that did best on the most similar questions."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lcrag.errors import LcragError
from lcrag.routers.learning.cost_lines import CostLines, Matrix
from lcrag.routers.learning.examples import Examples
from lcrag.routers.learning.query import Query, models_of
from lcrag.routers.learning.scoring import ScoringRouter, ScoringState


@dataclass(frozen=True)
class KNNState(ScoringState):
    """The training questions; T distinct texts.

    Attributes:
        vectors: embeddings of the texts, shape (T, dimension).
        scores: for each reader, mean scores of the texts, shape (T, strategies); NaN where it did not answer.
        pooled_scores: the same over all readers.
    """

    vectors: NDArray[np.float32]
    scores: dict[str, Matrix]
    pooled_scores: Matrix


@dataclass(frozen=True)
class KNNRouter(ScoringRouter[KNNState]):
    """Mean score of each strategy on the ``k`` training questions with the most similar embedding.

    RouterBench's kNN (cosine, 50 neighbours; arXiv 2403.12031); hard to beat (arXiv 2505.12601).

    Attributes:
        k: neighbours.
        own_model: count only neighbours that the same reader answered, where the training data has that reader.
    """

    name: str = "knn_router"
    k: int = 50
    own_model: bool = True

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.k < 1:
            raise ValueError(f"k must be at least 1, but is {self.k!r}")

    @property
    def needs_embedding(self) -> bool:
        """Always."""
        return True

    def _learn(self, examples: Examples, costs: CostLines) -> KNNState:
        index: dict[str, int] = {}
        rows = np.array([index.setdefault(q.text, len(index)) for q in examples.queries])
        first = np.unique(rows, return_index=True)[1]
        vectors = _vectors([examples.queries[int(i)] for i in first], self.name)
        models = np.array([q.model for q in examples.queries])
        scores = {m: _mean_by_text(examples, rows, models == m) for m in models_of(examples.queries)}
        return KNNState(costs, vectors, scores, _mean_by_text(examples, rows, np.ones(len(rows), bool)))

    def predict(self, queries: Sequence[Query]) -> Matrix:
        """Mean scores of the neighbours."""
        state = self.fitted_state
        similarities = _vectors(queries, self.name) @ state.vectors.T
        expected = np.empty((len(queries), len(self.strategies)))
        models = [q.model if self.own_model and q.model in state.scores else "" for q in queries]
        for model in set(models):
            scores = state.scores[model] if model else state.pooled_scores
            of_model = np.array([m == model for m in models])
            answered = np.flatnonzero(~np.isnan(scores).any(1))
            k = min(self.k, len(answered))
            nearest = np.argpartition(-similarities[np.ix_(of_model, answered)], k - 1, axis=1)[:, :k]
            expected[of_model] = scores[answered][nearest].mean(1)
        return expected


def _mean_by_text(examples: Examples, rows: Any, use: NDArray[np.bool_]) -> Matrix:
    """Mean scores of each distinct text over the examples in use, shape (texts, strategies); NaN without any."""
    texts = int(rows.max()) + 1
    counts = np.bincount(rows[use], minlength=texts)[:, None]
    sums = np.column_stack([np.bincount(rows[use], s[use], minlength=texts) for s in examples.scores.T])
    return np.where(counts > 0, sums / np.maximum(counts, 1), np.nan)


def _vectors(queries: Sequence[Query], name: str) -> NDArray[np.float32]:
    missing = next((q for q in queries if q.embedding is None), None)
    if missing is not None:
        raise LcragError(
            f"Router {name} needs embeddings, but question {missing.id} has none: give an embedder."
        )
    return np.array([q.embedding for q in queries], np.float32)
