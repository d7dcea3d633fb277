"""BM25 and dense search, fused."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

from retrievers.base import check_k
from retrievers.bm25 import BM25Index, BM25Retriever
from retrievers.chunkers import Chunker, RecursiveChunker
from retrievers.dense import DenseIndex, DenseRetriever
from retrievers.embedding import Embedder
from retrievers.fusion import first_of_each, reciprocal_rank, weighted
from retrievers.passage import Passage


@dataclass(frozen=True)
class HybridRetriever:
    """BM25's ranking and the dense one, fused into one.

    Attributes:
        embedder: See ``DenseRetriever``.
        chunker: Cuts the documents into chunks, for both rankings.
        fusion: ``rrf`` is the sum over both rankings of 1 / (constant + rank) (Cormack et al. 2009);
            ``weighted`` is the weighted sum of scaled scores; ``quota`` takes the first passages of each, BM25's first.
        depth: The number of passages of each ranking that count.
        constant: The constant of ``rrf``; 60 in the paper.
        dense_weight: The share of the dense ranking, 0 to 1, under ``weighted`` and ``quota``.
    """

    embedder: Embedder
    chunker: Chunker = field(default_factory=RecursiveChunker)
    fusion: Literal["rrf", "weighted", "quota"] = "rrf"
    depth: int = 50
    constant: int = 60
    dense_weight: float = 0.5

    def __post_init__(self) -> None:
        if self.fusion not in {"rrf", "weighted", "quota"}:
            raise ValueError(f"fusion must be rrf, weighted or quota, not {self.fusion!r}.")
        if not 0 <= self.dense_weight <= 1:
            raise ValueError(f"dense_weight must be between 0 and 1, not {self.dense_weight}.")

    def build(self, texts: Mapping[str, str]) -> HybridIndex:
        """Index documents, given as text by id.

        Raises:
            ValueError: there are no documents, or one is empty.
        """
        sparse = BM25Retriever(self.chunker).build(texts)
        dense = DenseRetriever(self.embedder, self.chunker).build(texts)
        return HybridIndex(self, sparse, dense)


@dataclass(frozen=True)
class HybridIndex:
    """An index that ``HybridRetriever`` built."""

    settings: HybridRetriever
    sparse: BM25Index
    dense: DenseIndex

    @property
    def build_tokens(self) -> int:
        """Tokens that the embedder read."""
        return self.dense.build_tokens

    def search(
        self, queries: Sequence[str], k: int, *, document_ids: Collection[str] | None = None
    ) -> list[list[Passage]]:
        """See ``Index.search``; the scores are the fused ones."""
        check_k(k)
        depth = max(k, self.settings.depth)
        rankings = [
            index.search(queries, depth, document_ids=document_ids) for index in (self.sparse, self.dense)
        ]
        return [self._fused(pair, k) for pair in zip(*rankings, strict=True)]

    def _fused(self, rankings: Sequence[list[Passage]], k: int) -> list[Passage]:
        share = self.settings.dense_weight
        if self.settings.fusion == "weighted":
            return weighted(rankings, (1 - share, share), k)
        if self.settings.fusion == "quota":
            return first_of_each(rankings, (k - int(k * share), int(k * share)))
        return reciprocal_rank(rankings, k, self.settings.constant)

    def query_tokens(self, queries: Sequence[str]) -> int:
        """Tokens that the embedder reads."""
        return self.dense.query_tokens(queries)
