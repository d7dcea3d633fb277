"""LangChain's ``BaseRetriever`` as a retriever, and an index as LangChain's ``BaseRetriever``."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from langchain_core.callbacks import CallbackManagerForRetrieverRun
from langchain_core.documents import Document
from langchain_core.retrievers import BaseRetriever

from retrievers.base import Index, check_k
from retrievers.passage import Passage


@dataclass(frozen=True)
class LangChainRetriever:
    """Wraps a LangChain retriever that has its own documents; it is its own index.

    The metadata ``document_id`` (or ``source``), ``start`` and ``end`` are used where the documents have them.

    Attributes:
        retriever: The LangChain retriever.
        build_tokens: Tokens that were embedded for it, if you know them.
    """

    retriever: BaseRetriever
    build_tokens: int = 0

    def build(self, texts: Mapping[str, str]) -> LangChainRetriever:
        """Itself: the wrapped retriever searches its own documents, whatever ``texts`` are."""
        return self

    def search(
        self, queries: Sequence[str], k: int, *, document_ids: Collection[str] | None = None
    ) -> list[list[Passage]]:
        """The wrapped retriever's documents in its order, at most ``k``; a score is 1 / rank."""
        check_k(k)
        results = []
        for query in queries:
            passages = [passage_of(d, rank) for rank, d in enumerate(self.retriever.invoke(query), start=1)]
            results.append([p for p in passages if document_ids is None or p.document_id in document_ids][:k])
        return results

    def query_tokens(self, queries: Sequence[str]) -> int:
        """0: LangChain's interface does not report them."""
        return 0


def passage_of(document: Document, rank: int) -> Passage:
    """A LangChain document as a passage, its score 1 / rank."""
    meta = document.metadata
    name = str(meta.get("document_id", meta.get("source", "")))
    start = int(meta.get("start", meta.get("start_index", 0)))
    end = int(meta.get("end", start + len(document.page_content)))
    return Passage(document.page_content, name, start, end, 1 / rank)


class _AsLangChain(BaseRetriever):
    index: Any  # an ``Index``; pydantic cannot validate a protocol
    k: int = 5

    def _get_relevant_documents(
        self, query: str, *, run_manager: CallbackManagerForRetrieverRun
    ) -> list[Document]:
        (passages,) = self.index.search([query], self.k)
        return [
            Document(
                page_content=p.text,
                metadata={"document_id": p.document_id, "start": p.start, "end": p.end, "score": p.score},
            )
            for p in passages
        ]


def as_langchain(index: Index, k: int = 5) -> BaseRetriever:
    """An index as LangChain's ``BaseRetriever``."""
    return _AsLangChain(index=index, k=k)
