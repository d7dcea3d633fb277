"""Search small chunks, return them with the neighbouring sentences."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Mapping
from dataclasses import dataclass

from retrievers.base import Retriever
from retrievers.chunkers import Span
from retrievers.chunkers.sentence import sentences
from retrievers.passage import Passage
from retrievers.wide import WideIndex


@dataclass(frozen=True)
class SentenceWindowRetriever:
    """Returns the sentences that a hit touches, and ``neighbours`` sentences on each side of them.

    Attributes:
        retriever: Indexes small chunks, such as those of ``SentenceChunker(1)``: single sentences.
        neighbours: The number of sentences on each side.
    """

    retriever: Retriever
    neighbours: int = 2

    def build(self, texts: Mapping[str, str]) -> WideIndex:
        """Index documents, given as text by id."""
        document_sentences = {name: sentences(text) for name, text in texts.items()}

        def window(hit: Passage) -> Span:
            spans = document_sentences[hit.document_id]
            starts = [start for start, _ in spans]
            first = max(0, bisect_right(starts, hit.start) - 1 - self.neighbours)
            last = min(len(spans) - 1, bisect_right(starts, hit.end - 1) - 1 + self.neighbours)
            return spans[first][0], spans[last][1]

        return WideIndex(self.retriever.build(texts), dict(texts), window)
