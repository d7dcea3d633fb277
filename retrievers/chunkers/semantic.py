"""Chunks that end where the topic changes."""

from __future__ import annotations

from dataclasses import dataclass

from retrievers.chunkers.base import Span, check
from retrievers.chunkers.sentence import sentences
from retrievers.embedding import Embedder
from retrievers.work import embed


@dataclass(frozen=True)
class SemanticChunker:
    """Cuts between sentences whose embeddings are far apart (Kamradt 2023, "5 levels of text splitting").

    Each sentence is embedded together with its neighbours; a cut falls where the cosine distance of two
    neighbours is above the given percentile of all distances of the text, or where ``size`` is reached.

    Attributes:
        embedder: The embedding model.
        percentile: 0 to 100; a higher value gives fewer and longer chunks.
        size: The maximum number of characters in a chunk; a longer sentence is a chunk of its own.
        neighbours: The number of sentences on each side that are embedded together with a sentence.
    """

    embedder: Embedder
    percentile: float = 90.0
    size: int = 2000
    neighbours: int = 1

    def __post_init__(self) -> None:
        check(self.size)
        if not 0 <= self.percentile <= 100:
            raise ValueError(f"percentile must be between 0 and 100, not {self.percentile}.")

    def split(self, text: str) -> list[Span]:
        """Chunks as (start, end) offsets, in order."""
        import numpy as np

        spans = sentences(text)
        if len(spans) < 2:
            return spans
        last = len(spans) - 1
        around = [
            text[spans[max(0, i - self.neighbours)][0] : spans[min(last, i + self.neighbours)][1]]
            for i in range(len(spans))
        ]
        vectors = embed(self.embedder, around).vectors
        distances = 1 - (vectors[:-1] * vectors[1:]).sum(axis=1)
        far = distances > np.percentile(distances, self.percentile)
        chunks = [spans[0]]
        for (start, end), cut in zip(spans[1:], far, strict=True):
            if cut or end - chunks[-1][0] > self.size:
                chunks.append((start, end))
            else:
                chunks[-1] = (chunks[-1][0], end)
        return chunks
