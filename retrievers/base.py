"""What a retriever and its index look like, and what all indexes over chunks share."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Protocol, runtime_checkable

from retrievers.chunkers import Chunker
from retrievers.passage import Passage


@runtime_checkable
class Index(Protocol):
    """A searchable index. Searches come in batches; one query is a batch of one."""

    @property
    def build_tokens(self) -> int:
        """Tokens that an embedding model read to build it; 0 without one."""

    def search(
        self, queries: Sequence[str], k: int, *, document_ids: Collection[str] | None = None
    ) -> list[list[Passage]]:
        """For each query at most ``k`` passages, best first, of these documents only (default: all).

        Equal scores are ordered by document and position.

        Raises:
            ValueError: ``k`` is less than 1.
        """

    def query_tokens(self, queries: Sequence[str]) -> int:
        """Tokens that an embedding model reads to search for these queries."""


@runtime_checkable
class Retriever(Protocol):
    """A retriever's configuration: a frozen dataclass that builds indexes."""

    def build(self, texts: Mapping[str, str]) -> Index:
        """Index documents, given as text by id.

        Raises:
            ValueError: there are no documents, or one is empty.
        """


def chunked(texts: Mapping[str, str], chunker: Chunker) -> list[Passage]:
    """The documents' chunks as passages, blank ones left out.

    Raises:
        ValueError: there are no documents, or one is empty.
    """
    if not texts:
        raise ValueError("There are no documents to index: give at least one.")
    passages = []
    for name, text in texts.items():
        if not text.strip():
            raise ValueError(f"The document {name!r} is empty: it cannot be indexed.")
        spans = chunker.split(text)
        passages += [Passage(text[s:e], name, s, e) for s, e in spans if text[s:e].strip()]
    return passages


def check_k(k: int) -> None:
    """Refuse an impossible number of passages.

    Raises:
        ValueError: ``k`` is less than 1.
    """
    if k < 1:
        raise ValueError(f"k must be at least 1, not {k}.")


def best(
    passages: Sequence[Passage], scores: Iterable[float], k: int, document_ids: Collection[str] | None
) -> list[Passage]:
    """The ``k`` best of scored passages, in the order that ``Index.search`` promises.

    Raises:
        ValueError: ``k`` is less than 1.
    """
    import numpy as np

    check_k(k)
    known = np.asarray(list(scores) if not hasattr(scores, "__len__") else scores, dtype=float)
    rows = np.arange(len(passages))
    if document_ids is not None:
        wanted = set(document_ids)
        rows = np.array([i for i, p in enumerate(passages) if p.document_id in wanted], dtype=int)
    if len(rows) > k:
        least = np.partition(known[rows], -k)[-k]
        rows = rows[known[rows] >= least]
    found = [(float(known[i]), passages[i]) for i in rows.tolist()]
    found.sort(key=lambda pair: (-pair[0], pair[1].document_id, pair[1].start))
    return [replace(passage, score=score) for score, passage in found[:k]]
