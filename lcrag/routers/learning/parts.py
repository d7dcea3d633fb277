"""Parts of whole documents: what is learned from one tells nothing of another."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray


def document_parts(clusters: Sequence[str], count: int, seed: int = 0) -> list[NDArray[Any]]:
    """Rows of each part: whole clusters, shuffled; fewer than ``count`` parts where there are fewer clusters."""
    groups = np.array(linked(clusters), dtype=object).astype(str)
    shuffled = np.random.default_rng(seed).permutation(np.unique(groups))
    return [
        np.flatnonzero(np.isin(groups, part)) for part in np.array_split(shuffled, min(count, len(shuffled)))
    ]


def linked(document_ids: Sequence[str]) -> list[str]:
    """A group for each id: ids (several documents joined by +) that share a document, also through others, share it."""
    parent: dict[str, str] = {}

    def root(name: str) -> str:
        while parent.setdefault(name, name) != name:
            name = parent[name]
        return name

    for id in document_ids:
        first, *others = id.split("+")
        for other in others:
            parent[root(other)] = root(first)
    return [root(id.split("+")[0]) for id in document_ids]
