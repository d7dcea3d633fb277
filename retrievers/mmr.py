"""Maximal marginal relevance: passages that are relevant and differ from those chosen before."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field

from retrievers.base import check_k
from retrievers.chunkers import Chunker, RecursiveChunker
from retrievers.dense import DenseIndex, DenseRetriever
from retrievers.embedding import Embedder
from retrievers.passage import Passage


@dataclass(frozen=True)
class MMRRetriever:
    """argmax of weight * sim(q, d) - (1 - weight) * max sim(d, chosen) (Carbonell and Goldstein 1998).

    Attributes:
        embedder: See ``DenseRetriever``.
        chunker: Cuts the documents into the chunks that are indexed.
        weight: The weight of relevance, 0 to 1; 1 is plain dense retrieval.
        fetch: The number of candidates, the most similar passages, among which to choose.
    """

    embedder: Embedder
    chunker: Chunker = field(default_factory=RecursiveChunker)
    weight: float = 0.7
    fetch: int = 30

    def __post_init__(self) -> None:
        if not 0 <= self.weight <= 1:
            raise ValueError(f"weight must be between 0 and 1, not {self.weight}.")

    def build(self, texts: Mapping[str, str]) -> MMRIndex:
        """Index documents, given as text by id.

        Raises:
            ValueError: there are no documents, or one is empty.
        """
        return MMRIndex(DenseRetriever(self.embedder, self.chunker).build(texts), self.weight, self.fetch)


@dataclass(frozen=True)
class MMRIndex:
    """An index that ``MMRRetriever`` built."""

    dense: DenseIndex
    weight: float
    fetch: int

    @property
    def build_tokens(self) -> int:
        """Tokens that the embedder read."""
        return self.dense.build_tokens

    def search(
        self, queries: Sequence[str], k: int, *, document_ids: Collection[str] | None = None
    ) -> list[list[Passage]]:
        """Passages in the order in which they were chosen; scores are similarities to the query."""
        check_k(k)
        candidates = self.dense.search(queries, max(k, self.fetch), document_ids=document_ids)
        return [self._choose(passages, k) for passages in candidates]

    def _choose(self, candidates: list[Passage], k: int) -> list[Passage]:
        import numpy as np

        vectors = self.dense.vectors(candidates)
        relevance = np.array([p.score for p in candidates])
        similarity = np.full(len(candidates), 0.0)
        selected: list[int] = []
        while len(selected) < min(k, len(candidates)):
            gain = self.weight * relevance - (1 - self.weight) * similarity
            gain[selected] = -np.inf
            pick = int(gain.argmax())
            selected.append(pick)
            to_pick = vectors @ vectors[pick]
            similarity = to_pick if len(selected) == 1 else np.maximum(similarity, to_pick)
        return [candidates[i] for i in selected]

    def query_tokens(self, queries: Sequence[str]) -> int:
        """Tokens that the embedder reads."""
        return self.dense.query_tokens(queries)
