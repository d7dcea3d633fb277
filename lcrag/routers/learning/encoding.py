"""Queries as rows of numbers for estimators."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from lcrag.routers.learning.query import Query, models_of


@dataclass(frozen=True)
class Encoding:
    """Which numbers of a query an estimator sees, and how they are scaled; learned from training queries alone.

    Attributes:
        names: the features, and the signals as ``strategy:signal``.
        kinds: labels that become columns of 0 and 1; empty where the label may not be seen.
        models: readers that become columns of 0 and 1; a reader that was not in training has 0 in all of them.
        mean: mean of each named number, shape (names,); a missing number is set to it.
        scale: standard deviation of each named number, shape (names,).
    """

    names: tuple[str, ...]
    kinds: tuple[str, ...]
    models: tuple[str, ...]
    mean: NDArray[np.float64]
    scale: NDArray[np.float64]

    @classmethod
    def fit(
        cls, queries: Sequence[Query], *, retrieval: bool, kind: bool, model: bool, probes: Sequence[str] = ()
    ) -> Encoding:
        """Learn names, labels and scales, of nothing but what the router will see when it decides."""
        features = {n for q in queries for n in q.features}
        names = sorted(n for n in features if retrieval or not n.startswith("retrieval_"))
        names += sorted({f"{p}:{n}" for q in queries for p in probes for n in q.signals.get(p, {})})
        kinds = sorted({q.kind for q in queries}) if kind else []
        models = models_of(queries) if model else []
        unscaled = cls(tuple(names), tuple(kinds), tuple(models), np.zeros(len(names)), np.ones(len(names)))
        numbers = unscaled._numbers(queries)
        known = ~np.isnan(numbers)
        count = np.maximum(known.sum(0), 1)
        mean = np.where(known, numbers, 0.0).sum(0) / count
        spread = np.sqrt((np.where(known, numbers - mean, 0.0) ** 2).sum(0) / count)
        scale = np.where(spread > 1e-12, spread, 1.0)
        return cls(unscaled.names, unscaled.kinds, unscaled.models, mean, scale)

    def matrix(self, queries: Sequence[Query]) -> NDArray[np.float64]:
        """A row for each query, shape (queries, columns); scaled, without NaN."""
        numbers = np.nan_to_num((self._numbers(queries) - self.mean) / self.scale, nan=0.0)
        labels = [
            [float(q.kind == k) for k in self.kinds] + [float(q.model == m) for m in self.models]
            for q in queries
        ]
        return np.hstack([numbers, np.array(labels, float).reshape(len(queries), -1)])

    def _numbers(self, queries: Sequence[Query]) -> NDArray[np.float64]:
        nan = float("nan")
        features = [n for n in self.names if ":" not in n]
        probed = [n.rsplit(":", 1) for n in self.names if ":" in n]
        rows = [
            [q.features.get(n, nan) for n in features] + [q.signals.get(p, {}).get(n, nan) for p, n in probed]
            for q in queries
        ]
        return np.array(rows, float).reshape(len(queries), len(self.names))
