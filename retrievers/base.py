"""What a retriever and its index are, and what all indexes over chunks share."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from typing import Protocol, runtime_checkable

from retrievers.chunkers import Chunker
from retrievers.passage import Passage

OPERATIONAL = {"operational": True}  # metadata of a field that changes speed, but no result


@runtime_checkable
class Index(Protocol):
    """A searchable index. Searches come in batches; one query is a batch of one."""

    @property
    def build_tokens(self) -> int:
        """Tokens that an embedding model read to build it; 0 without a model."""

    def search(
        self, queries: Sequence[str], k: int, *, document_ids: Collection[str] | None = None
    ) -> list[list[Passage]]:
        """For each query at most ``k`` passages, best first; only of these documents, if any are named.

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
    """The documents' chunks as passages, without blank ones.

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
    passages: Sequence[Passage], scores: Sequence[float], k: int, document_ids: Collection[str] | None
) -> list[Passage]:
    """The ``k`` best of scored passages, in the order that ``Index.search`` promises.

    Raises:
        ValueError: ``k`` is less than 1.
    """
    import numpy as np

    check_k(k)
    values = np.asarray(scores, dtype=float)
    rows = np.arange(len(passages))
    if document_ids is not None:
        allowed = set(document_ids)
        rows = np.array([i for i, p in enumerate(passages) if p.document_id in allowed], dtype=int)
    if len(rows) > k:
        lowest = np.partition(values[rows], -k)[-k]
        rows = rows[values[rows] >= lowest]  # with all ties at the last place
    selected = [replace(passages[i], score=float(values[i])) for i in rows.tolist()]
    selected.sort(key=lambda p: (-p.score, p.document_id, p.start))
    return selected[:k]
