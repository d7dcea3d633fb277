"""Retrievers over chunks of documents. Stands on its own; indexes are built from plain texts."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from retrievers.passage import Passage

_HOMES = {
    "BM25Retriever": "bm25",
    "ContextualRetriever": "rewrite",
    "DenseRetriever": "dense",
    "DenseStore": "store",
    "HyDERetriever": "rewrite",
    "HybridRetriever": "hybrid",
    "Index": "base",
    "LangChainRetriever": "langchain",
    "LateChunkRetriever": "late_chunk",
    "MMRRetriever": "mmr",
    "MultiQueryRetriever": "rewrite",
    "MultiVectorRetriever": "multi_vector",
    "ParentRetriever": "context",
    "RecursiveChunker": "chunkers",
    "Reranker": "rerank",
    "Retriever": "base",
    "SemanticChunker": "chunkers",
    "SentenceChunker": "chunkers",
    "SentenceWindowRetriever": "context",
    "TokenChunker": "chunkers",
    "VectorIndex": "vectors",
    "VectorStoreRetriever": "vector_store",
    "as_langchain": "langchain",
    "lara_hybrid": "hybrid",
    "lara_reranked": "rerank",
    "longrag_units": "chunkers",
    "ordered": "order",
}

__all__ = [
    "BM25Retriever",
    "ContextualRetriever",
    "DenseRetriever",
    "DenseStore",
    "HyDERetriever",
    "HybridRetriever",
    "Index",
    "LangChainRetriever",
    "LateChunkRetriever",
    "MMRRetriever",
    "MultiQueryRetriever",
    "MultiVectorRetriever",
    "ParentRetriever",
    "Passage",
    "RecursiveChunker",
    "Reranker",
    "Retriever",
    "SemanticChunker",
    "SentenceChunker",
    "SentenceWindowRetriever",
    "TokenChunker",
    "VectorIndex",
    "VectorStoreRetriever",
    "as_langchain",
    "lara_hybrid",
    "lara_reranked",
    "longrag_units",
    "ordered",
]


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module 'retrievers' has no attribute {name!r}")
    return getattr(import_module(f"retrievers.{_HOMES[name]}"), name)


if TYPE_CHECKING:
    from retrievers.base import Index, Retriever
    from retrievers.bm25 import BM25Retriever
    from retrievers.chunkers import (
        RecursiveChunker,
        SemanticChunker,
        SentenceChunker,
        TokenChunker,
        longrag_units,
    )
    from retrievers.context import ParentRetriever, SentenceWindowRetriever
    from retrievers.dense import DenseRetriever
    from retrievers.hybrid import HybridRetriever, lara_hybrid
    from retrievers.langchain import LangChainRetriever, as_langchain
    from retrievers.late_chunk import LateChunkRetriever
    from retrievers.mmr import MMRRetriever
    from retrievers.multi_vector import MultiVectorRetriever
    from retrievers.order import ordered
    from retrievers.rerank import Reranker, lara_reranked
    from retrievers.rewrite import ContextualRetriever, HyDERetriever, MultiQueryRetriever
    from retrievers.store import DenseStore
    from retrievers.vector_store import VectorStoreRetriever
    from retrievers.vectors import VectorIndex
