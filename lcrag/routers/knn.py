"""Nearest neighbours: what worked on the questions that are most alike."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from lcrag.errors import LcragError
from lcrag.routers.learning.examples import Examples
from lcrag.routers.learning.query import Query
from lcrag.routers.learning.scoring import Matrix, ScoringRouter


@dataclass(frozen=True)
class KNNRouter(ScoringRouter):
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

    def _learn(self, examples: Examples) -> dict[str, Any]:
        texts: dict[str, int] = {}
        rows = np.array([texts.setdefault(q.text, len(texts)) for q in examples.queries])
        first = np.unique(rows, return_index=True)[1]
        vectors = _vectors([examples.queries[int(i)] for i in first], self.name)
        scores: dict[str, Any] = {}
        for model in sorted({q.model for q in examples.queries}):
            scores[model] = _by_text(examples, rows, len(texts), [q.model == model for q in examples.queries])
        everyone = _by_text(examples, rows, len(texts), [True] * len(rows))
        return {"vectors": vectors, "scores": scores, "everyone": everyone}

    def predict(self, queries: Sequence[Query]) -> Matrix:
        """Mean scores of the neighbours."""
        learned = self.learned
        near = _vectors(queries, self.name) @ learned["vectors"].T
        found = np.empty((len(queries), len(self.strategies)))
        models = [q.model if self.own_model and q.model in learned["scores"] else "" for q in queries]
        for model in set(models):
            scores = learned["scores"][model] if model else learned["everyone"]
            mine = np.array([m == model for m in models])
            known = np.flatnonzero(~np.isnan(scores).any(1))
            k = min(self.k, len(known))
            sims = near[np.ix_(mine, known)]
            top = np.argpartition(-sims, k - 1, axis=1)[:, :k]
            found[mine] = scores[known][top].mean(1)
        return found


def _by_text(examples: Examples, rows: Any, texts: int, use: Sequence[bool]) -> Any:
    """Mean scores of each distinct text over the examples in use, shape (texts, strategies); NaN without any."""
    mine = np.array(use)
    counts = np.bincount(rows[mine], minlength=texts)[:, None]
    sums = np.column_stack([np.bincount(rows[mine], s[mine], minlength=texts) for s in examples.scores.T])
    return np.where(counts > 0, sums / np.maximum(counts, 1), np.nan)


def _vectors(queries: Sequence[Query], name: str) -> Any:
    missing = next((q for q in queries if q.embedding is None), None)
    if missing is not None:
        raise LcragError(
            f"Router {name} needs embeddings, but question {missing.id} has none: give an embedder."
        )
    return np.array([q.embedding for q in queries], np.float32)
