"""Documents that share text: they count as one document in folds and intervals."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    import pandas as pd

SHINGLE = 13  # words; so many in a row are rarely the same by chance
MIN_SHARED = 0.1  # of the shorter document's shingles
_WORD = re.compile(r"\w+")


def document_groups(texts: Mapping[str, str], min_shared: float = MIN_SHARED) -> dict[str, str]:
    """The group of each document, named by its first member; documents that share text are in one group.

    Two documents share text where at least ``min_shared`` of the shorter one's distinct runs of 13 words are in the
    other. Groups are closed: a document that shares text with two joins them.

    Args:
        texts: documents by id.
        min_shared: from 0 to 1.
    """
    from scipy.sparse import coo_array
    from scipy.sparse.csgraph import connected_components

    names = list(texts)
    words: dict[str, int] = {}
    shingles = [_shingles(texts[n], words) for n in names]
    sizes = np.array([len(s) for s in shingles])
    if not sizes.sum():
        return {n: n for n in names}
    _, columns = np.unique(np.concatenate(shingles), return_inverse=True)
    rows = np.repeat(np.arange(len(names)), sizes)
    has = coo_array((np.ones(len(rows)), (rows, columns))).tocsr()
    shared = (has @ has.T).tocoo()
    shorter = np.minimum(sizes[shared.row], sizes[shared.col])
    close = shared.data >= min_shared * shorter
    pairs = coo_array(
        (np.ones(int(close.sum())), (shared.row[close], shared.col[close])), shape=(len(names), len(names))
    )
    _, labels = connected_components(pairs, directed=False)
    first: dict[int, str] = {}
    return {n: first.setdefault(int(label), n) for n, label in zip(names, labels, strict=True)}


def clusters(outcomes: pd.DataFrame) -> list[str]:
    """The cluster of each row: its ``document_group`` where there is one, else its document."""
    documents = [str(d) for d in outcomes["document_id"]]
    if "document_group" not in outcomes:
        return documents
    return [group or document for group, document in zip(outcomes["document_group"], documents, strict=True)]


def _shingles(text: str, words: dict[str, int]) -> NDArray[np.uint64]:
    """A number for each distinct run of words, by a polynomial hash of 64 bits; ``words`` numbers the words."""
    ids = np.array([words.setdefault(w, len(words) + 1) for w in _WORD.findall(text.lower())], np.uint64)
    count = len(ids) - SHINGLE + 1
    hashed = np.zeros(max(0, count), np.uint64)
    for place in range(SHINGLE if count > 0 else 0):
        hashed = hashed * np.uint64(0x9E3779B97F4A7C15) + ids[place : place + count]
    return np.unique(hashed)
