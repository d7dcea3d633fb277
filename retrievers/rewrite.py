"""Retrieval that asks a language model first: HyDE, multi-query, contextual chunks.

The model is any ``ask(prompt) -> text``; what it costs is the caller's to count.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from retrievers.base import check_k, chunked
from retrievers.chunkers import Chunker, RecursiveChunker
from retrievers.fusion import reciprocal_rank
from retrievers.passage import Passage

Ask = Callable[[str], str]
HYDE = "Write a short passage that answers the question.\n\nQuestion: {query}"
REPHRASE = "Write {n} other ways to ask this question, one on each line.\n\nQuestion: {query}"
SITUATE = (
    "Text:\n{document}\n\nHere is a chunk of that text:\n{chunk}\n\nSay in one or two sentences where the chunk "
    "stands in the text and what it is about, so that it can be found by a search."
)


@dataclass(frozen=True)
class HyDERetriever:
    """Search with invented answers beside the query (Gao et al. 2022, arXiv 2212.10496, section 3).

    The paper averages the embeddings of 8 invented passages and of the query; here their rankings are fused,
    so that it works with any retriever.

    Attributes:
        retriever: what searches.
        ask: the language model.
        passages: how many answers it invents.
    """

    retriever: Any
    ask: Ask
    passages: int = 1

    def build(self, texts: Mapping[str, str]) -> ManyQueriesIndex:
        """Index documents with the inner retriever."""

        def expand(query: str) -> list[str]:
            return [query, *(self.ask(HYDE.format(query=query)) for _ in range(self.passages))]

        return ManyQueriesIndex(self.retriever.build(texts), expand)


@dataclass(frozen=True)
class MultiQueryRetriever:
    """Search with several wordings of the query and fuse the rankings.

    Attributes:
        retriever: what searches.
        ask: the language model.
        queries: other wordings.
    """

    retriever: Any
    ask: Ask
    queries: int = 3

    def build(self, texts: Mapping[str, str]) -> ManyQueriesIndex:
        """Index documents with the inner retriever."""

        def expand(query: str) -> list[str]:
            said = self.ask(REPHRASE.format(n=self.queries, query=query)).splitlines()
            return [query, *[line.strip(" -*0123456789.)") for line in said if line.strip()][: self.queries]]

        return ManyQueriesIndex(self.retriever.build(texts), expand)


@dataclass(frozen=True)
class ManyQueriesIndex:
    """Searches with all queries that ``expand`` makes of one."""

    inner: Any
    expand: Callable[[str], list[str]]

    @property
    def build_tokens(self) -> int:
        """The inner index's."""
        return int(self.inner.build_tokens)

    def search(
        self, queries: Sequence[str], k: int, *, document_ids: Collection[str] | None = None
    ) -> list[list[Passage]]:
        """See ``Index.search``; scores are fused ranks."""
        check_k(k)
        found = []
        for query in queries:
            asked = [q for q in self.expand(query) if q.strip()]
            rankings = self.inner.search(asked, max(2 * k, 20), document_ids=document_ids)
            found.append(reciprocal_rank(rankings, k))
        return found

    def query_tokens(self, queries: Sequence[str]) -> int:
        """Of the queries themselves; what they are expanded to is known only when they are asked."""
        return int(self.inner.query_tokens(queries))


@dataclass(frozen=True)
class ContextualRetriever:
    """Chunks are indexed with a sentence on their place in the document (Anthropic 2024, contextual retrieval).

    Attributes:
        retriever: what indexes; its chunker is not used, a chunk is indexed whole.
        ask: the language model, asked once for each chunk with the whole document before it.
        chunker: cuts the documents.
    """

    retriever: Any
    ask: Ask
    chunker: Chunker = field(default_factory=RecursiveChunker)

    def build(self, texts: Mapping[str, str]) -> ContextualIndex:
        """Index documents, given as text by id: one call to the model for each chunk."""
        chunks = {str(i): passage for i, passage in enumerate(chunked(texts, self.chunker))}
        situated = {
            i: self.ask(SITUATE.format(document=texts[c.document_id], chunk=c.text)).strip() + "\n\n" + c.text
            for i, c in chunks.items()
        }
        whole = replace(self.retriever, chunker=WholeText())
        return ContextualIndex(whole.build(situated), chunks)


@dataclass(frozen=True)
class WholeText:
    """A chunker that does not cut."""

    def split(self, text: str) -> list[tuple[int, int]]:
        """The text as its only chunk."""
        return [(0, len(text))]


@dataclass(frozen=True)
class ContextualIndex:
    """Finds situated chunks and returns them as they stand in their documents."""

    inner: Any
    chunks: Mapping[str, Passage]

    @property
    def build_tokens(self) -> int:
        """The inner index's."""
        return int(self.inner.build_tokens)

    def search(
        self, queries: Sequence[str], k: int, *, document_ids: Collection[str] | None = None
    ) -> list[list[Passage]]:
        """See ``Index.search``."""
        check_k(k)
        wanted = None
        if document_ids is not None:
            wanted = [i for i, c in self.chunks.items() if c.document_id in set(document_ids)]
        found = self.inner.search(queries, k, document_ids=wanted)
        return [[replace(self.chunks[p.document_id], score=p.score) for p in passages] for passages in found]

    def query_tokens(self, queries: Sequence[str]) -> int:
        """The inner index's."""
        return int(self.inner.query_tokens(queries))
