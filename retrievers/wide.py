"""An index that returns a wider span of the document for each hit of another index."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass

from retrievers.base import Index, check_k
from retrievers.chunkers import Span
from retrievers.passage import Passage


@dataclass(frozen=True)
class WideIndex:
    """Returns a wider span for each hit; hits in the same span count once, with the best score.

    Attributes:
        inner: The index that finds the hits.
        texts: The documents by id.
        widen: Maps a hit to the (start, end) of what is returned.
    """

    inner: Index
    texts: Mapping[str, str]
    widen: Callable[[Passage], Span]

    @property
    def build_tokens(self) -> int:
        """The inner index's."""
        return self.inner.build_tokens

    def search(
        self, queries: Sequence[str], k: int, *, document_ids: Collection[str] | None = None
    ) -> list[list[Passage]]:
        """See ``Index.search``; more and more hits are fetched until they fill ``k`` spans or run out."""
        check_k(k)
        return [self._one(query, k, document_ids) for query in queries]

    def _one(self, query: str, k: int, document_ids: Collection[str] | None) -> list[Passage]:
        depth = 4 * k
        while True:
            (hits,) = self.inner.search([query], depth, document_ids=document_ids)
            passages: dict[tuple[str, int, int], Passage] = {}
            for hit in hits:
                start, end = self.widen(hit)
                text = self.texts[hit.document_id][start:end]
                wide = Passage(text, hit.document_id, start, end, hit.score)
                passages.setdefault((hit.document_id, start, end), wide)
            if len(passages) >= k or len(hits) < depth:
                return list(passages.values())[:k]
            depth *= 2

    def query_tokens(self, queries: Sequence[str]) -> int:
        """The inner index's."""
        return self.inner.query_tokens(queries)
