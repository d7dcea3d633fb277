"""LangChain's ``BaseRetriever`` as a retriever, and an index as LangChain's ``BaseRetriever``."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from importlib import import_module
from operator import attrgetter
from typing import Any

from langchain_core.callbacks import CallbackManagerForRetrieverRun
from langchain_core.documents import Document
from langchain_core.retrievers import BaseRetriever
from langchain_core.vectorstores import VectorStoreRetriever

from retrievers.base import Index, check_k, chunked
from retrievers.chunkers import Chunker, RecursiveChunker
from retrievers.passage import Passage


@dataclass(frozen=True)
class LangChainRetriever:
    """Wraps a LangChain retriever, or has one made from the documents.

    A LangChain retriever has its own documents; it is its own index. In YAML give the name of what makes one, as
    ``package.module:function`` or ``package.module:Class.from_documents``. It is called with a list of LangChain
    documents, the chunks of the documents that are indexed, and with ``options``; what it returns searches them.

    The metadata ``document_id`` (or ``source``), ``start`` and ``end`` are used where the documents have them. A vector
    store's retriever (``store.as_retriever()``) is asked for as many passages as are wanted; any other one returns
    as many as it was set to, and those of other documents are dropped from them.

    Attributes:
        retriever: The LangChain retriever, or the name of what makes one.
        build_tokens: Tokens that were embedded for it, if you know them.
        fetch: The number of candidates among which a vector store's retriever is searched for the passages of some
            documents; more are fetched where there are too few.
        options: Keywords for what makes the retriever.
        chunker: Cuts the documents for it.

    Raises:
        ValueError: the name cannot be imported.
    """

    retriever: BaseRetriever | str
    build_tokens: int = 0
    fetch: int = 100
    options: Mapping[str, Any] = field(default_factory=dict)
    chunker: Chunker = field(default_factory=RecursiveChunker)

    def __post_init__(self) -> None:
        if isinstance(self.retriever, str):
            _imported(self.retriever)

    def build(self, texts: Mapping[str, str]) -> LangChainRetriever:
        """Itself, which searches its own documents whatever ``texts`` are; or one that is made from ``texts``.

        Raises:
            ValueError: there are no documents, or what makes the retriever makes something else.
        """
        if not texts:
            raise ValueError("There are no documents to index: give at least one.")
        if not isinstance(self.retriever, str):
            return self
        chunks = [
            Document(p.text, metadata={"document_id": p.document_id, "start": p.start, "end": p.end})
            for p in chunked(texts, self.chunker)
        ]
        retriever = _imported(self.retriever)(chunks, **self.options)
        if not isinstance(retriever, BaseRetriever):
            raise ValueError(
                f"{self.retriever} made a {type(retriever).__name__}, which is not a LangChain retriever."
            )
        return replace(self, retriever=retriever)

    def search(
        self, queries: Sequence[str], k: int, *, document_ids: Collection[str] | None = None
    ) -> list[list[Passage]]:
        """The wrapped retriever's documents in its order, at most ``k``; a score is 1 / rank.

        Raises:
            ValueError: ``k`` is less than 1, or documents are asked for and one that was retrieved has no id.
        """
        check_k(k)
        wrapped = self.retriever
        if isinstance(wrapped, str):
            raise ValueError(f"{wrapped} has no documents yet: build it first.")
        if not isinstance(wrapped, VectorStoreRetriever):
            return [of_documents(wrapped.invoke(q), k, document_ids) for q in queries]
        return [search_deeper(partial(_ask, wrapped, q), k, document_ids, self.fetch) for q in queries]

    def query_tokens(self, queries: Sequence[str]) -> int:
        """0: LangChain's interface does not report them."""
        return 0


def _imported(name: str) -> Callable[..., Any]:
    """What ``package.module:function`` or ``package.module:Class.method`` names.

    Raises:
        ValueError: there is no such thing, or it cannot be called.
    """
    module, _, path = name.partition(":")
    try:
        target = attrgetter(path)(import_module(module))
    except (ImportError, AttributeError, ValueError) as error:
        raise ValueError(
            f"retriever {name!r} cannot be imported ({error}): give package.module:function, which makes a LangChain "
            "retriever from a list of documents."
        ) from error
    if not callable(target):
        raise ValueError(
            f"retriever {name!r} cannot be called: give a function that makes a LangChain retriever."
        )
    return target  # type: ignore[no-any-return]


def _ask(retriever: VectorStoreRetriever, query: str, count: int) -> list[Document]:
    return retriever.invoke(query, k=count)


def of_documents(hits: Sequence[Document], k: int, document_ids: Collection[str] | None) -> list[Passage]:
    """The first ``k`` hits, those of other documents than ``document_ids`` dropped; a score is 1 / rank.

    Raises:
        ValueError: a hit does not say which document it belongs to, and documents were asked for.
    """
    passages = [passage_of(hit, rank) for rank, hit in enumerate(hits, start=1)]
    if document_ids is None:
        return passages[:k]
    if not all(p.document_id for p in passages):
        raise ValueError(
            "A passage from LangChain has no `document_id` or `source` in its metadata, so it cannot be known which "
            "document it belongs to: add it to the documents."
        )
    return [p for p in passages if p.document_id in set(document_ids)][:k]


def search_deeper(
    search: Callable[[int], Sequence[Document]], k: int, document_ids: Collection[str] | None, fetch: int
) -> list[Passage]:
    """The ``k`` best passages of some documents of a store that holds others as well.

    Args:
        search: Returns as many hits of the store as it is asked for, best first.
        k: How many passages are wanted.
        document_ids: Only passages of these documents; ``None`` for all.
        fetch: How many hits are searched at first; four times as many each time that they hold too few.
    """
    if document_ids is None:
        return of_documents(search(k), k, None)
    count = max(k, fetch)
    while True:
        hits = search(count)
        passages = of_documents(hits, k, document_ids)
        if len(passages) == k or len(hits) < count:
            return passages
        count *= 4


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
