"""Search small pieces, hand over more: the parent chunk, or the neighbouring sentences."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from retrievers.base import check_k
from retrievers.chunkers import Chunker, RecursiveChunker, Span
from retrievers.chunkers.sentence import sentences
from retrievers.passage import Passage


@dataclass(frozen=True)
class ParentRetriever:
    """Small-to-big: the inner retriever's small chunks are found, their large parents returned, once each.

    Attributes:
        retriever: indexes small chunks.
        parents: cuts the documents into what is returned; a hit belongs to the parent its middle lies in.
    """

    retriever: Any
    parents: Chunker = field(default_factory=lambda: RecursiveChunker(3000, 0))

    def build(self, texts: Mapping[str, str]) -> WideIndex:
        """Index documents, given as text by id."""
        spans = {name: self.parents.split(text) for name, text in texts.items()}

        def parent(hit: Passage) -> Span:
            mine = spans[hit.document_id]
            at = bisect_right([s for s, _ in mine], (hit.start + hit.end) // 2) - 1
            return mine[max(0, at)]

        return WideIndex(self.retriever.build(texts), dict(texts), parent)


@dataclass(frozen=True)
class SentenceWindowRetriever:
    """Whatever sentences a hit touches, and ``neighbours`` sentences on each side of them.

    Attributes:
        retriever: indexes small chunks, such as ``SentenceChunker(1)`` for single sentences.
        neighbours: sentences on each side.
    """

    retriever: Any
    neighbours: int = 2

    def build(self, texts: Mapping[str, str]) -> WideIndex:
        """Index documents, given as text by id."""
        spans = {name: sentences(text) for name, text in texts.items()}

        def window(hit: Passage) -> Span:
            mine = spans[hit.document_id]
            starts = [s for s, _ in mine]
            first = max(0, bisect_right(starts, hit.start) - 1 - self.neighbours)
            last = min(len(mine) - 1, bisect_right(starts, hit.end - 1) - 1 + self.neighbours)
            return mine[first][0], mine[last][1]

        return WideIndex(self.retriever.build(texts), dict(texts), window)


@dataclass(frozen=True)
class WideIndex:
    """Returns a wider span for each hit; hits in the same span count once, with the best score."""

    inner: Any
    texts: Mapping[str, str]
    widen: Callable[[Passage], Span]

    @property
    def build_tokens(self) -> int:
        """The inner index's."""
        return int(self.inner.build_tokens)

    def search(
        self, queries: Sequence[str], k: int, *, document_ids: Collection[str] | None = None
    ) -> list[list[Passage]]:
        """See ``Index.search``; small hits are asked for until ``k`` spans are full or no more come."""
        check_k(k)
        return [self._one(query, k, document_ids) for query in queries]

    def _one(self, query: str, k: int, document_ids: Collection[str] | None) -> list[Passage]:
        depth = 4 * k
        while True:
            (hits,) = self.inner.search([query], depth, document_ids=document_ids)
            found: dict[tuple[str, int, int], Passage] = {}
            for hit in hits:
                start, end = self.widen(hit)
                text = self.texts[hit.document_id][start:end]
                found.setdefault(
                    (hit.document_id, start, end), Passage(text, hit.document_id, start, end, hit.score)
                )
            if len(found) >= k or len(hits) < depth:
                return list(found.values())[:k]
            depth *= 2

    def query_tokens(self, queries: Sequence[str]) -> int:
        """The inner index's."""
        return int(self.inner.query_tokens(queries))
