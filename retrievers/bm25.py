"""BM25 (Robertson and Zaragoza 2009) by bm25s."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from retrievers.base import best, chunked
from retrievers.chunkers import Chunker, RecursiveChunker
from retrievers.passage import Passage


@dataclass(frozen=True)
class BM25Retriever:
    """Sparse retrieval by words: bm25s' tokeniser with English stop words, Lucene's variant.

    Attributes:
        chunker: Cuts the documents into the chunks that are indexed.
        k1: Saturation of term frequency.
        b: Normalisation by length.
    """

    chunker: Chunker = field(default_factory=RecursiveChunker)
    k1: float = 1.5
    b: float = 0.75

    def build(self, texts: Mapping[str, str]) -> BM25Index:
        """Index documents, given as text by id.

        Raises:
            ValueError: there are no documents, or one is empty.
        """
        import bm25s

        passages = chunked(texts, self.chunker)
        words = _tokens([p.text for p in passages])
        if not any(words):  # bm25s cannot index texts without a word
            return BM25Index(passages, None)
        model = bm25s.BM25(k1=self.k1, b=self.b)
        model.index(words, show_progress=False)
        return BM25Index(passages, model)


@dataclass(frozen=True)
class BM25Index:
    """An index that ``BM25Retriever`` built; ``model`` is ``None`` where no passage has a word but stop words."""

    passages: list[Passage]
    model: Any
    build_tokens: int = 0

    def search(
        self, queries: Sequence[str], k: int, *, document_ids: Collection[str] | None = None
    ) -> list[list[Passage]]:
        """See ``Index.search``; a passage that shares no word with the query has score 0."""
        results = []
        for query in queries:
            (words,) = _tokens([query])
            indexed = [w for w in words if self.model is not None and w in self.model.vocab_dict]
            scores = self.model.get_scores(indexed) if indexed else [0.0] * len(self.passages)
            results.append(best(self.passages, scores, k, document_ids))
        return results

    def query_tokens(self, queries: Sequence[str]) -> int:
        """0: no embedding model reads them."""
        return 0


def _tokens(texts: Sequence[str]) -> list[list[str]]:
    import bm25s

    tokens: list[list[str]] = bm25s.tokenize(
        list(texts), stopwords="en", return_ids=False, show_progress=False
    )
    return tokens
