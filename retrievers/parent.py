"""Search small chunks, return the large chunks that contain them."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Mapping
from dataclasses import dataclass, field

from retrievers.base import Retriever
from retrievers.chunkers import Chunker, RecursiveChunker, Span
from retrievers.passage import Passage
from retrievers.wide import WideIndex


@dataclass(frozen=True)
class ParentRetriever:
    """Small-to-big: the inner retriever finds small chunks, and their large parents are returned, once each.

    Attributes:
        retriever: Indexes small chunks.
        parents: Cuts the documents into parents; a small chunk belongs to the parent that contains its middle.
    """

    retriever: Retriever
    parents: Chunker = field(default_factory=lambda: RecursiveChunker(3000, 0))

    def build(self, texts: Mapping[str, str]) -> WideIndex:
        """Index documents, given as text by id."""
        parents = {name: self.parents.split(text) for name, text in texts.items()}

        def parent(hit: Passage) -> Span:
            spans = parents[hit.document_id]
            at = bisect_right([start for start, _ in spans], (hit.start + hit.end) // 2) - 1
            return spans[max(0, at)]

        return WideIndex(self.retriever.build(texts), dict(texts), parent)
