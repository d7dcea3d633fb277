"""Dense retrieval: inner product of unit vectors in FAISS."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from retrievers.base import check_k, chunked
from retrievers.chunkers import Chunker, RecursiveChunker
from retrievers.passage import Passage
from retrievers.vectors import VectorIndex

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray


@dataclass(frozen=True)
class DenseRetriever:
    """Cosine similarity; exact search up to 200,000 chunks (see ``vectors.factory_for``).

    Attributes:
        embedder: anything with ``embed_documents(texts) -> (n, d)`` unit vectors and ``count_tokens``.
        chunker: what is indexed.
        factory: FAISS factory string; ``auto`` chooses by size.
    """

    embedder: Any
    chunker: Chunker = field(default_factory=RecursiveChunker)
    factory: str = "auto"

    def build(self, texts: Mapping[str, str]) -> DenseIndex:
        """Index documents, given as text by id.

        Raises:
            ValueError: there are no documents, one is empty, or FAISS is not installed.
        """
        passages = chunked(texts, self.chunker)
        pieces = [p.text for p in passages]
        vectors = self.embedder.embed_documents(pieces)
        return DenseIndex.of(
            passages, vectors, self.embedder, self.embedder.count_tokens(pieces), self.factory
        )


@dataclass(frozen=True)
class DenseIndex:
    """Passages by id and their vectors under the same ids."""

    passages: Mapping[int, Passage]
    index: VectorIndex
    embedder: Any
    build_tokens: int

    @classmethod
    def of(
        cls,
        passages: Sequence[Passage],
        vectors: NDArray[np.float32],
        embedder: Any,
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
        embed = getattr(self.embedder, "embed_queries", self.embedder.embed_documents)
        return self.search_vectors(embed(list(queries)), k, document_ids=document_ids)

    def search_vectors(
        self, queries: NDArray[np.float32], k: int, *, document_ids: Collection[str] | None = None
    ) -> list[list[Passage]]:
        """The same for queries that are embedded already, shape (queries, dimension)."""
        ids = None
        if document_ids is not None:
            wanted = set(document_ids)
            ids = [i for i, p in self.passages.items() if p.document_id in wanted]
        total = len(self.passages) if ids is None else len(ids)
        if not total:
            return [[] for _ in queries]
        found: list[list[Passage]] = [[] for _ in queries]
        open_ = list(range(len(queries)))
        depth = min(total, k + 8)
        while open_:  # once, but for queries with a tie across the last place
            scores, rows = self.index.search(queries[open_], depth, ids)
            again = []
            for at, mine, names in zip(open_, scores.tolist(), rows.tolist(), strict=True):
                hits = [(s, i) for s, i in zip(mine, names, strict=True) if i >= 0]
                if len(hits) == depth < total and hits[-1][0] == hits[min(k, depth) - 1][0]:
                    again.append(at)
                    continue
                hits.sort(key=lambda h: (-h[0], self.passages[h[1]].document_id, self.passages[h[1]].start))
                found[at] = [replace(self.passages[i], score=s) for s, i in hits[:k]]
            open_, depth = again, min(total, depth * 4)
        return found

    def vectors(self, passages: Sequence[Passage]) -> NDArray[np.float32]:
        """The stored vectors of some of the passages, shape (passages, dimension)."""
        import numpy as np

        ids = {(p.document_id, p.start, p.end): i for i, p in self.passages.items()}
        rows = [self.index.index.reconstruct(ids[p.document_id, p.start, p.end]) for p in passages]
        return np.stack(rows) if rows else np.zeros((0, self.index.dimension), np.float32)

    def query_tokens(self, queries: Sequence[str]) -> int:
        """Tokens that the embedder reads."""
        return int(self.embedder.count_tokens(list(queries)))
