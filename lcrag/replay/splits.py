"""Which examples a router learns from and which it is tested on."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Literal, get_args

import numpy as np
from numpy.typing import NDArray

from lcrag.errors import LcragError
from lcrag.routers.examples import Examples

Split = Literal["document", "task", "model", "length"]


@dataclass(frozen=True)
class Fold:
    """``test`` is decided by a router that has learned from ``train`` alone; both are rows of the examples."""

    name: str
    train: NDArray[Any]
    test: NDArray[Any]


def folds(examples: Examples, split: Split = "document", count: int = 5, seed: int = 0) -> Iterator[Fold]:
    """Folds that together test every example once.

    - ``document``: whole documents, ``count`` folds: no question of a tested document was seen.
    - ``task``, ``model``, ``length``: one kind, reader or length is left out at a time.

    Raises:
        LcragError: an unknown split, or one group only.
    """
    if split not in get_args(Split):
        raise LcragError(f"Unknown split {split!r}; choose {', '.join(get_args(Split))}.")
    groups = np.array(_groups(examples, split), dtype=object).astype(str)
    names = np.unique(groups)
    if len(names) < 2:
        what = {"document": "document", "task": "kind of question", "model": "model", "length": "length"}[
            split
        ]
        raise LcragError(f"The outcomes have one {what} only: they cannot be split by {split}.")
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
        return list(examples.documents)
    if split == "task":
        return [q.kind for q in examples.queries]
    if split == "model":
        return [q.model for q in examples.queries]
    if not examples.lengths:
        raise LcragError(
            "The outcomes do not say how long the documents are: they cannot be split by length."
        )
    return list(examples.lengths)
