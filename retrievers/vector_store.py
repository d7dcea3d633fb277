"""Any LangChain ``VectorStore`` as a retriever: Milvus, Qdrant and others, on one machine or many."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from uuid import NAMESPACE_OID, uuid5

from retrievers.base import check_k, chunked
from retrievers.chunkers import Chunker, RecursiveChunker
from retrievers.langchain import passage_of
from retrievers.passage import Passage

Only = Callable[[Collection[str]], dict[str, Any]]


@dataclass(frozen=True)
class VectorStoreRetriever:
    """Chunks go into the store with their document and place; the store embeds and searches.

    A chunk's id is made of its document, place and text: a store that overwrites by id (Qdrant, pgvector, in memory)
    holds it once however often it is built. Milvus appends: give it a new collection, or search what it holds.

    Attributes:
        store: the LangChain vector store.
        chunker: what is indexed.
        only: the store's own filter for some documents, as keywords of its search, such as
            ``lambda ids: {"expr": f"document_id in {list(ids)}"}`` for Milvus. Without it hits are filtered
            after the search, from ``fetch`` candidates.
        fetch: candidates where the filter comes after.
        batch_size: chunks that are added at once.
    """

    store: Any
    chunker: Chunker = field(default_factory=RecursiveChunker)
    only: Only | None = None
    fetch: int = 100
    batch_size: int = 256

    def build(self, texts: Mapping[str, str]) -> VectorStoreIndex:
        """Add documents to the store, given as text by id.

        Raises:
            ValueError: there are no documents, or one is empty.
        """
        passages = chunked(texts, self.chunker)
        for start in range(0, len(passages), self.batch_size):
            part = passages[start : start + self.batch_size]
            self.store.add_texts(
                [p.text for p in part],
                metadatas=[{"document_id": p.document_id, "start": p.start, "end": p.end} for p in part],
                ids=[_id(p) for p in part],
            )
        return VectorStoreIndex(self)


def _id(passage: Passage) -> str:
    """A UUID, which every store takes as an id."""
    named = "\0".join((passage.document_id, str(passage.start), str(passage.end), passage.text))
    return str(uuid5(NAMESPACE_OID, named))


@dataclass(frozen=True)
class VectorStoreIndex:
    """Searches a store; also what was added to it before."""

    settings: VectorStoreRetriever
    build_tokens: int = 0

    def search(
        self, queries: Sequence[str], k: int, *, document_ids: Collection[str] | None = None
    ) -> list[list[Passage]]:
        """The store's passages in its order; scores fall with the rank, as stores differ in theirs."""
        check_k(k)
        after = document_ids is not None and self.settings.only is None
        extra = self.settings.only(document_ids) if self.settings.only and document_ids is not None else {}
        found = []
        for query in queries:
            hits = self.settings.store.similarity_search(
                query, k=max(k, self.settings.fetch) if after else k, **extra
            )
            passages = [passage_of(hit, rank) for rank, hit in enumerate(hits, start=1)]
            if after:
                passages = [p for p in passages if p.document_id in set(document_ids or ())]
            found.append(passages[:k])
        return found

    def query_tokens(self, queries: Sequence[str]) -> int:
        """Unknown: the store embeds."""
        return 0
