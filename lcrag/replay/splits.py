"""Folds: which examples a router learns from and which it is tested on."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Literal, get_args

import numpy as np
from numpy.typing import NDArray

from lcrag.errors import LcragError
from lcrag.routers.learning.examples import Examples
from lcrag.routers.learning.parts import document_parts, linked

Split = Literal["document", "task", "model", "length"]
GROUP_NAMES = {  # for the message that there is one group only
    "document": "one document, or questions that link all documents,",
    "task": "one kind of question",
    "model": "one model",
    "length": "one length",
}


@dataclass(frozen=True)
class Fold:
    """One part of a split.

    Attributes:
        name: The part's name, such as ``fold 0`` or ``without comparison``.
        train: Rows of the examples that the router learns from.
        test: Rows of the examples that it decides.
    """

    name: str
    train: NDArray[Any]
    test: NDArray[Any]


def folds(examples: Examples, split: Split = "document", count: int = 5, seed: int = 0) -> Iterator[Fold]:
    """Folds that together test every example once.

    - ``document``: ``count`` folds of whole documents: the router has seen no question on a tested document.
      Documents that share a question, and near-duplicates where they are known, stay together.
    - ``task``, ``model``, ``length``: one kind of question, reader or length is left out at a time.

    Raises:
        LcragError: an unknown split, or all examples are in one group.
    """
    if split not in get_args(Split):
        raise LcragError(f"Unknown split {split!r}; choose {', '.join(get_args(Split))}.")
    groups = np.array(_groups(examples, split), dtype=object).astype(str)
    names = np.unique(groups)
    if len(names) < 2:
        raise LcragError(f"The outcomes have {GROUP_NAMES[split]} only: they cannot be split by {split}.")
    if split == "document":
        for i, test in enumerate(document_parts(examples.clusters, count, seed)):
            yield Fold(f"fold {i}", np.setdiff1d(np.arange(len(examples)), test), test)
        return
    for name in names:
        is_tested = groups == name
        yield Fold(f"without {name}", np.flatnonzero(~is_tested), np.flatnonzero(is_tested))


def _groups(examples: Examples, split: Split) -> list[str]:
    if split == "document":
        return linked(examples.clusters)
    if split == "task":
        return [q.kind for q in examples.queries]
    if split == "model":
        return [q.model for q in examples.queries]
    if not examples.lengths:
        raise LcragError(
            "The outcomes do not say how long the documents are: they cannot be split by length."
        )
    return list(examples.lengths)
