"""Which kinds of questions there are enough examples of to learn them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lcrag.routers.learning.examples import Examples

MIN_EXAMPLES = 50  # of a kind, in what is left of the examples without any one part


def kind_labels(
    examples: Examples, parts: Sequence[NDArray[Any]]
) -> tuple[tuple[str, ...], NDArray[np.int64]]:
    """The kinds that can be learned, and the index of each query's kind, shape (N,).

    A kind is learned where every inner fold has examples enough to learn from; other kinds count as the most frequent.
    """
    kinds = np.array([q.kind for q in examples.queries], dtype=object).astype(str)
    names, counts = np.unique(kinds, return_counts=True)
    learnable = [
        name
        for name in names
        if all((kinds == name).sum() - (kinds[test] == name).sum() >= MIN_EXAMPLES for test in parts)
    ]
    most_frequent = str(names[counts.argmax()])
    if most_frequent not in learnable:
        return (most_frequent,), np.zeros(len(examples), np.int64)
    index = {name: i for i, name in enumerate(learnable)}
    labels = np.array([index.get(kind, index[most_frequent]) for kind in kinds], np.int64)
    return tuple(str(name) for name in learnable), labels
