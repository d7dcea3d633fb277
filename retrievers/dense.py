"""Dense retrieval: inner product of unit vectors in FAISS."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from retrievers.base import check_k, chunked
from retrievers.chunkers import Chunker, RecursiveChunker
from retrievers.embedding import Embedder
from retrievers.passage import Passage
from retrievers.vectors import VectorIndex
from retrievers.work import embed

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray


@dataclass(frozen=True)
class DenseRetriever:
    """Cosine similarity; exact search up to 200,000 chunks (see ``vectors.factory_for``).

    Attributes:
        embedder: The embedding model.
        chunker: Cuts the documents into the chunks that are indexed.
        factory: A FAISS factory string; ``auto`` chooses by size.
    """

    embedder: Embedder
    chunker: Chunker = field(default_factory=RecursiveChunker)
    factory: str = "auto"

    def build(self, texts: Mapping[str, str]) -> DenseIndex:
        """Index documents, given as text by id.

        Raises:
            ValueError: there are no documents, one is empty, or FAISS is not installed.
        """
        passages = chunked(texts, self.chunker)
        embedded = embed(self.embedder, [p.text for p in passages])
        return DenseIndex.of(passages, embedded.vectors, self.embedder, embedded.tokens, self.factory)


@dataclass(frozen=True)
class DenseIndex:
    """Passages and their vectors under the same ids.

    Attributes:
        passages: The passages by id.
        index: The vectors.
        embedder: The model that embeds queries.
        build_tokens: Tokens that the model read to embed the passages.
    """

    passages: Mapping[int, Passage]
    index: VectorIndex
    embedder: Embedder
    build_tokens: int

    @classmethod
    def of(
        cls,
        passages: Sequence[Passage],
        vectors: NDArray[np.float32],
        embedder: Embedder,
        build_tokens: int,
        factory: str = "auto",
    ) -> DenseIndex:
        """An index of passages and their vectors, shape (passages, dimension).

        Raises:
            ValueError: FAISS is not installed, or the vectors do not fit.
        """
        try:
            import faiss  # noqa: F401
        except ImportError as error:
            raise ValueError("Dense retrieval needs FAISS: pip install faiss-cpu (or faiss-gpu).") from error
        index = VectorIndex(vectors.shape[1], factory)
        index.add(range(len(passages)), vectors)
        return cls(dict(enumerate(passages)), index, embedder, build_tokens)

    def search(
        self, queries: Sequence[str], k: int, *, document_ids: Collection[str] | None = None
    ) -> list[list[Passage]]:
        """See ``Index.search``."""
        check_k(k)
        vectors = embed(self.embedder, list(queries), "query").vectors
        return self.search_vectors(vectors, k, document_ids=document_ids)

    def search_vectors(
        self, queries: NDArray[np.float32], k: int, *, document_ids: Collection[str] | None = None
    ) -> list[list[Passage]]:
        """The same for queries given as vectors, shape (queries, dimension)."""
        ids = None
        if document_ids is not None:
            allowed = set(document_ids)
            ids = [i for i, p in self.passages.items() if p.document_id in allowed]
        total = len(self.passages) if ids is None else len(ids)
        if not total:
            return [[] for _ in queries]
        results: list[list[Passage]] = [[] for _ in queries]
        pending = list(range(len(queries)))
        depth = min(total, k + 8)
        while pending:  # once, except for queries with a tie across the last place
            scores, rows = self.index.search(queries[pending], depth, ids)
            tied = []
            for at, row_scores, row_ids in zip(pending, scores.tolist(), rows.tolist(), strict=True):
                hits = [(s, i) for s, i in zip(row_scores, row_ids, strict=True) if i >= 0]
                if len(hits) == depth < total and hits[-1][0] == hits[min(k, depth) - 1][0]:
                    tied.append(at)
                    continue
                hits.sort(key=lambda h: (-h[0], self.passages[h[1]].document_id, self.passages[h[1]].start))
                results[at] = [replace(self.passages[i], score=s) for s, i in hits[:k]]
            pending, depth = tied, min(total, depth * 4)
        return results

    def vectors(self, passages: Sequence[Passage]) -> NDArray[np.float32]:
        """The stored vectors of some of the passages, shape (passages, dimension)."""
        import numpy as np

        ids = {(p.document_id, p.start, p.end): i for i, p in self.passages.items()}
        rows = [self.index.index.reconstruct(ids[p.document_id, p.start, p.end]) for p in passages]
        return np.stack(rows) if rows else np.zeros((0, self.index.dimension), np.float32)

    def query_tokens(self, queries: Sequence[str]) -> int:
        """Tokens that the embedder reads."""
        return self.embedder.count_tokens(list(queries))
