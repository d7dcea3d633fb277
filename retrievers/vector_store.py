"""Any LangChain ``VectorStore`` as a retriever: Milvus, Qdrant and others, on one machine or many."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any
from uuid import NAMESPACE_OID, uuid5

from langchain_core.documents import Document

from retrievers.base import OPERATIONAL, check_k, chunked
from retrievers.chunkers import Chunker, RecursiveChunker
from retrievers.langchain import of_documents, search_deeper
from retrievers.passage import Passage

Only = Callable[[Collection[str]], dict[str, Any]]


@dataclass(frozen=True)
class VectorStoreRetriever:
    """Adds chunks to the store with their document and offsets; the store embeds and searches.

    A chunk's id is a hash of its document, offsets and text. A store that overwrites by id (Qdrant, pgvector, in
    memory) keeps one copy however often it is built. Milvus appends: use a new collection for each build.

    Attributes:
        store: The LangChain vector store.
        chunker: Cuts the documents into the chunks that are added.
        only: The store's own filter by document, as keywords of its search, such as
            ``lambda ids: {"expr": f"document_id in {list(ids)}"}`` for Milvus. Without it, hits are filtered
            after the search, from ``fetch`` candidates.
        fetch: The number of candidates where hits are filtered after the search; more are fetched where they hold
            too few passages of the documents.
        batch_size: Chunks per addition.
    """

    store: Any
    chunker: Chunker = field(default_factory=RecursiveChunker)
    only: Only | None = None
    fetch: int = 100
    batch_size: int = field(default=256, metadata=OPERATIONAL)

    def build(self, texts: Mapping[str, str]) -> VectorStoreIndex:
        """Add documents to the store, given as text by id.

        Raises:
            ValueError: there are no documents, or one is empty.
        """
        passages = chunked(texts, self.chunker)
        for start in range(0, len(passages), self.batch_size):
            batch = passages[start : start + self.batch_size]
            self.store.add_texts(
                [p.text for p in batch],
                metadatas=[{"document_id": p.document_id, "start": p.start, "end": p.end} for p in batch],
                ids=[_id(p) for p in batch],
            )
        return VectorStoreIndex(self)


def _id(passage: Passage) -> str:
    """A UUID, which every store takes as an id."""
    identity = "\0".join((passage.document_id, str(passage.start), str(passage.end), passage.text))
    return str(uuid5(NAMESPACE_OID, identity))


@dataclass(frozen=True)
class VectorStoreIndex:
    """Searches a store, with everything that was added to it before."""

    settings: VectorStoreRetriever
    build_tokens: int = 0

    def search(
        self, queries: Sequence[str], k: int, *, document_ids: Collection[str] | None = None
    ) -> list[list[Passage]]:
        """The store's passages in its order; a score is 1 / rank, because the scores of stores are not comparable."""
        check_k(k)
        if document_ids is not None and self.settings.only is not None:
            filtered = self.settings.only(document_ids)
            return [of_documents(self._hits(q, k, **filtered), k, document_ids) for q in queries]
        fetch = self.settings.fetch
        return [search_deeper(partial(self._hits, q), k, document_ids, fetch) for q in queries]

    def _hits(self, query: str, count: int, **filtered: Any) -> list[Document]:
        return list(self.settings.store.similarity_search(query, k=count, **filtered))

    def query_tokens(self, queries: Sequence[str]) -> int:
        """0: the store embeds, and does not report tokens."""
        return 0
