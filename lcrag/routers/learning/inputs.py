"""A sample of what a router learned from, as numbers: with it one can tell later whether questions have changed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Self

import numpy as np
from numpy.typing import NDArray

from lcrag.routers.learning.query import Query

MAX_ROWS = 1_000  # a file of a router grows by about 40 kB


@dataclass(frozen=True)
class InputSample:
    """Features of some of the training questions, without their texts.

    Attributes:
        names: the features.
        rows: shape (sample, names); NaN where a feature is not known.
        clusters: a number for each row's document, shape (sample,).
        count: training questions that the sample was drawn from.
    """

    names: tuple[str, ...]
    rows: NDArray[np.float32]
    clusters: NDArray[np.int64]
    count: int

    @classmethod
    def of(
        cls,
        queries: Sequence[Query],
        clusters: Sequence[str],
        *,
        retrieval: bool,
        max_rows: int = MAX_ROWS,
        seed: int = 0,
    ) -> Self:
        """A random sample of the queries' features.

        Args:
            queries: what a router learns from.
            clusters: their documents.
            retrieval: whether features of a first retrieval are among what it sees.
            max_rows: bound on the sample.
            seed: seeds the draw.
        """
        names = sorted(
            {n for q in queries for n in q.features if retrieval or not n.startswith("retrieval_")}
        )
        picked = np.sort(np.random.default_rng(seed).permutation(len(queries))[:max_rows])
        chosen = [queries[i] for i in picked]
        _, numbers = np.unique(np.array(clusters, dtype=object)[picked].astype(str), return_inverse=True)
        return cls(tuple(names), feature_rows(chosen, names), numbers.astype(np.int64), len(queries))


def feature_rows(queries: Sequence[Query], names: Sequence[str]) -> NDArray[np.float32]:
    """These features of each query, shape (queries, names); NaN where one is not known."""
    rows = [[q.features.get(n, np.nan) for n in names] for q in queries]
    return np.array(rows, np.float32).reshape(len(queries), len(names))
