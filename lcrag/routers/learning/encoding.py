"""Queries as rows of numbers for estimators."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lcrag.routers.learning.query import Query, models_of


@dataclass(frozen=True)
class Inputs:
    """Which numbers of a query go in, and how they are scaled; learned from training queries alone.

    Attributes:
        names: features, and signals as ``strategy:signal``.
        kinds: labels that become columns of 0 and 1; empty where the label may not be seen.
        models: the same for readers; one that was not seen in training has 0 in all of them.
        mean, scale: of each named number; a missing one is set to the mean.
    """

    names: tuple[str, ...]
    kinds: tuple[str, ...]
    models: tuple[str, ...]
    mean: NDArray[np.float64]
    scale: NDArray[np.float64]

    @classmethod
    def fit(
        cls, queries: Sequence[Query], *, retrieval: bool, kind: bool, model: bool, probes: Sequence[str] = ()
    ) -> Inputs:
        """Learn names, labels and scales; only of what the router will be shown when it is asked."""
        seen = {n for q in queries for n in q.features}
        names = sorted(n for n in seen if retrieval or not n.startswith("retrieval_"))
        names += sorted({f"{p}:{n}" for q in queries for p in probes for n in q.signals.get(p, {})})
        kinds = sorted({q.kind for q in queries}) if kind else []
        models = models_of(queries) if model else []
        blank = cls(tuple(names), tuple(kinds), tuple(models), np.zeros(len(names)), np.ones(len(names)))
        raw = blank._named(queries)
        known = ~np.isnan(raw)
        count = np.maximum(known.sum(0), 1)
        mean = np.where(known, raw, 0.0).sum(0) / count
        spread = np.sqrt((np.where(known, raw - mean, 0.0) ** 2).sum(0) / count)
        return cls(blank.names, blank.kinds, blank.models, mean, np.where(spread > 1e-12, spread, 1.0))

    def matrix(self, queries: Sequence[Query]) -> NDArray[np.float64]:
        """Shape (queries, columns), scaled, nothing missing."""
        named = np.nan_to_num((self._named(queries) - self.mean) / self.scale, nan=0.0)
        labels = [
            [float(q.kind == k) for k in self.kinds] + [float(q.model == m) for m in self.models]
            for q in queries
        ]
        return np.hstack([named, np.array(labels, float).reshape(len(queries), -1)])

    def _named(self, queries: Sequence[Query]) -> NDArray[np.float64]:
        nan = float("nan")
        plain = [n for n in self.names if ":" not in n]
        probed = [n.split(":", 1) for n in self.names if ":" in n]
        rows = [
            [q.features.get(n, nan) for n in plain] + [q.signals.get(p, {}).get(n, nan) for p, n in probed]
            for q in queries
        ]
        return np.array(rows, float).reshape(len(queries), len(self.names))

    def state(self) -> dict[str, Any]:
        """As plain values."""
        return {
            "names": list(self.names),
            "kinds": list(self.kinds),
            "models": list(self.models),
            "mean": self.mean.tolist(),
            "scale": self.scale.tolist(),
        }

    @classmethod
    def restore(cls, state: dict[str, Any]) -> Inputs:
        """From ``state()``."""
        names, kinds, models = (tuple(state[k]) for k in ("names", "kinds", "models"))
        return cls(names, kinds, models, np.array(state["mean"]), np.array(state["scale"]))
