"""Which examples a router learns from and which it is tested on."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Literal, get_args

import numpy as np
from numpy.typing import NDArray

from lcrag.errors import LcragError
from lcrag.routers.learning.examples import Examples

Split = Literal["document", "task", "model", "length"]
ONE = {
    "document": "one document, or questions that link all documents,",
    "task": "one kind of question",
    "model": "one model",
    "length": "one length",
}


@dataclass(frozen=True)
class Fold:
    """``test`` is decided by a router that has learned from ``train`` alone; both are rows of the examples."""

    name: str
    train: NDArray[Any]
    test: NDArray[Any]


def folds(examples: Examples, split: Split = "document", count: int = 5, seed: int = 0) -> Iterator[Fold]:
    """Folds that together test every example once.

    - ``document``: whole documents, ``count`` folds: no question of a tested document was seen. Documents that one
      question is about together stay together.
    - ``task``, ``model``, ``length``: one kind, reader or length is left out at a time.

    Raises:
        LcragError: an unknown split, or one group only.
    """
    if split not in get_args(Split):
        raise LcragError(f"Unknown split {split!r}; choose {', '.join(get_args(Split))}.")
    groups = np.array(_groups(examples, split), dtype=object).astype(str)
    names = np.unique(groups)
    if len(names) < 2:
        raise LcragError(f"The outcomes have {ONE[split]} only: they cannot be split by {split}.")
    if split == "document":
        shuffled = np.random.default_rng(seed).permutation(names)
        parts = [
            (f"fold {i}", part) for i, part in enumerate(np.array_split(shuffled, min(count, len(names))))
        ]
    else:
        parts = [(f"without {name}", np.array([name])) for name in names]
    for name, part in parts:
        tested = np.isin(groups, part)
        yield Fold(name, np.flatnonzero(~tested), np.flatnonzero(tested))


def _groups(examples: Examples, split: Split) -> list[str]:
    if split == "document":
        return linked(examples.documents)
    if split == "task":
        return [q.kind for q in examples.queries]
    if split == "model":
        return [q.model for q in examples.queries]
    if not examples.lengths:
        raise LcragError(
            "The outcomes do not say how long the documents are: they cannot be split by length."
        )
    return list(examples.lengths)


def linked(document_ids: Sequence[str]) -> list[str]:
    """For each id (several joined by +) one of the documents that are linked with it, the same for all of these."""
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
