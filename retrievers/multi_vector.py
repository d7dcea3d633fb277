"""Late interaction: every token of the query looks for its best match among a chunk's tokens."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from retrievers.base import best, check_k, chunked
from retrievers.chunkers import Chunker, RecursiveChunker
from retrievers.embedding import TokenEmbedder
from retrievers.passage import Passage
from retrievers.work import embed_tokens

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray


@dataclass(frozen=True)
class MultiVectorRetriever:
    """ColBERT's MaxSim (Khattab and Zaharia 2020, arXiv 2004.12832), exact over all chunks.

    Attributes:
        embedder: A model that gives a vector for each token, such as ``MultiVectorEmbedder``.
        chunker: Cuts the documents into the chunks that are indexed.
    """

    embedder: TokenEmbedder
    chunker: Chunker = field(default_factory=RecursiveChunker)

    def build(self, texts: Mapping[str, str]) -> MultiVectorIndex:
        """Index documents, given as text by id.

        Raises:
            ValueError: there are no documents, or one is empty.
        """
        import numpy as np

        passages = chunked(texts, self.chunker)
        chunks = [p.text for p in passages]
        vectors = embed_tokens(self.embedder, chunks)
        starts = np.cumsum([0, *map(len, vectors)])[:-1]
        build_tokens = self.embedder.count_tokens(chunks)
        return MultiVectorIndex(passages, np.concatenate(vectors), starts, self.embedder, build_tokens)


@dataclass(frozen=True)
class MultiVectorIndex:
    """All token vectors one after the other.

    Attributes:
        passages: The passages.
        vectors: The vectors of all passages' tokens, shape (tokens, dimension).
        starts: The row at which each passage's tokens begin, shape (passages,).
        embedder: The model that embeds queries.
        build_tokens: Tokens that the model read to embed the passages.
    """

    passages: list[Passage]
    vectors: NDArray[np.float32]
    starts: NDArray[np.int64]
    embedder: TokenEmbedder
    build_tokens: int

    def search(
        self, queries: Sequence[str], k: int, *, document_ids: Collection[str] | None = None
    ) -> list[list[Passage]]:
        """See ``Index.search``; a score is the sum over the query's tokens of the best match."""
        import numpy as np

        check_k(k)
        results = []
        for query in embed_tokens(self.embedder, list(queries), "query"):
            matches = np.maximum.reduceat(query @ self.vectors.T, self.starts, axis=1)
            results.append(best(self.passages, matches.sum(axis=0).tolist(), k, document_ids))
        return results

    def query_tokens(self, queries: Sequence[str]) -> int:
        """Tokens that the embedder reads."""
        return self.embedder.count_tokens(list(queries))
