"""Late interaction: every token of the query looks for its best match among a chunk's tokens."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from retrievers.base import best, check_k, chunked
from retrievers.chunkers import Chunker, RecursiveChunker
from retrievers.passage import Passage

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray


@dataclass(frozen=True)
class MultiVectorRetriever:
    """ColBERT's MaxSim (Khattab and Zaharia 2020, arXiv 2004.12832), exact over all chunks.

    Attributes:
        embedder: anything whose ``embed_documents`` and ``embed_queries`` give, for each text, unit vectors
            of shape (tokens, dimension), such as ``MultiVectorEmbedder``.
        chunker: what is indexed.
    """

    embedder: Any
    chunker: Chunker = field(default_factory=RecursiveChunker)

    def build(self, texts: Mapping[str, str]) -> MultiVectorIndex:
        """Index documents, given as text by id.

        Raises:
            ValueError: there are no documents, or one is empty.
        """
        import numpy as np

        passages = chunked(texts, self.chunker)
        pieces = [p.text for p in passages]
        tokens = self.embedder.embed_documents(pieces)
        starts = np.cumsum([0, *map(len, tokens)])[:-1]
        return MultiVectorIndex(
            passages, np.concatenate(tokens), starts, self.embedder, int(self.embedder.count_tokens(pieces))
        )


@dataclass(frozen=True)
class MultiVectorIndex:
    """All token vectors one after the other, and where each passage's begin."""

    passages: list[Passage]
    tokens: NDArray[np.float32]
    starts: NDArray[np.int64]
    embedder: Any
    build_tokens: int

    def search(
        self, queries: Sequence[str], k: int, *, document_ids: Collection[str] | None = None
    ) -> list[list[Passage]]:
        """See ``Index.search``; a score is the sum over the query's tokens of the best match."""
        import numpy as np

        check_k(k)
        found = []
        for vectors in self.embedder.embed_queries(list(queries)):
            matches = np.maximum.reduceat(vectors @ self.tokens.T, self.starts, axis=1)
            found.append(best(self.passages, matches.sum(axis=0).tolist(), k, document_ids))
        return found

    def query_tokens(self, queries: Sequence[str]) -> int:
        """Tokens that the embedder reads."""
        return int(self.embedder.count_tokens(list(queries)))
