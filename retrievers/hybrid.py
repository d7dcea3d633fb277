"""BM25 and dense search, fused by rank."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from retrievers.base import best
from retrievers.bm25 import BM25Index, BM25Retriever
from retrievers.chunking import Chunker, RecursiveChunker
from retrievers.dense import DenseIndex, DenseRetriever
from retrievers.passage import Passage


@dataclass(frozen=True)
class HybridRetriever:
    """Reciprocal rank fusion (Cormack et al. 2009): the sum over both rankings of 1 / (constant + rank).

    Attributes:
        embedder: see ``DenseRetriever``.
        chunker: what is indexed, by both.
        depth: how far down each ranking counts.
        constant: 60 in the paper.
    """

    embedder: Any
    chunker: Chunker = field(default_factory=RecursiveChunker)
    depth: int = 50
    constant: int = 60

    def build(self, texts: Mapping[str, str]) -> HybridIndex:
        """Index documents, given as text by id.

        Raises:
            ValueError: there are no documents, or one is empty.
        """
        sparse = BM25Retriever(self.chunker).build(texts)
        dense = DenseRetriever(self.embedder, self.chunker).build(texts)
        return HybridIndex(sparse, dense, self.depth, self.constant)


@dataclass(frozen=True)
class HybridIndex:
    """An index that ``HybridRetriever`` built."""

    sparse: BM25Index
    dense: DenseIndex
    depth: int
    constant: int

    @property
    def build_tokens(self) -> int:
        """Tokens that the embedder read."""
        return self.dense.build_tokens

    def search(
        self, queries: Sequence[str], k: int, *, document_ids: Collection[str] | None = None
    ) -> list[list[Passage]]:
        """See ``Index.search``; scores are fused ranks."""
        depth = max(k, self.depth)
        rankings = [
            index.search(queries, depth, document_ids=document_ids) for index in (self.sparse, self.dense)
        ]
        return [self._fused(pair, k) for pair in zip(*rankings, strict=True)]

    def _fused(self, rankings: Sequence[list[Passage]], k: int) -> list[Passage]:
        scores: dict[tuple[str, int, int], float] = {}
        passages: dict[tuple[str, int, int], Passage] = {}
        for ranking in rankings:
            for rank, passage in enumerate(ranking, start=1):
                place = (passage.document_id, passage.start, passage.end)
                passages[place] = passage
                scores[place] = scores.get(place, 0.0) + 1 / (self.constant + rank)
        return best(list(passages.values()), list(scores.values()), k, None)

    def query_tokens(self, queries: Sequence[str]) -> int:
        """Tokens that the embedder reads."""
        return self.dense.query_tokens(queries)
