"""Dense retrieval: inner product of unit vectors in FAISS."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from retrievers.base import best, chunked
from retrievers.chunking import Chunker, RecursiveChunker
from retrievers.passage import Passage


@dataclass(frozen=True)
class DenseRetriever:
    """Cosine similarity by exact search (FAISS ``IndexFlatIP``).

    Attributes:
        embedder: anything with ``embed_documents(texts) -> (n, d)`` unit vectors and ``count_tokens``.
        chunker: what is indexed.
    """

    embedder: Any
    chunker: Chunker = field(default_factory=RecursiveChunker)

    def build(self, texts: Mapping[str, str]) -> DenseIndex:
        """Index documents, given as text by id.

        Raises:
            ValueError: there are no documents, one is empty, or FAISS is not installed.
        """
        try:
            import faiss
        except ImportError as error:
            raise ValueError("Dense retrieval needs FAISS: pip install faiss-cpu (or faiss-gpu).") from error
        passages = chunked(texts, self.chunker)
        pieces = [p.text for p in passages]
        vectors = self.embedder.embed_documents(pieces)
        index = faiss.IndexFlatIP(vectors.shape[1])
        index.add(vectors)
        return DenseIndex(passages, index, self.embedder, self.embedder.count_tokens(pieces))


@dataclass(frozen=True)
class DenseIndex:
    """An index that ``DenseRetriever`` built."""

    passages: list[Passage]
    index: Any
    embedder: Any
    build_tokens: int

    def search(
        self, queries: Sequence[str], k: int, *, document_ids: Collection[str] | None = None
    ) -> list[list[Passage]]:
        """See ``Index.search``."""
        import numpy as np

        # All scores, so that ties and the filter are settled as everywhere else.
        scores, rows = self.index.search(self.embedder.embed_documents(list(queries)), len(self.passages))
        in_place = np.empty_like(scores)
        np.put_along_axis(in_place, rows, scores, axis=1)
        return [best(self.passages, row, k, document_ids) for row in in_place]

    def query_tokens(self, queries: Sequence[str]) -> int:
        """Tokens that the embedder reads."""
        return int(self.embedder.count_tokens(list(queries)))
