"""Retrievers over chunks of documents. Stands on its own; indexes are built from plain texts."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from retrievers.passage import Passage

_HOMES = {
    "BM25Retriever": "bm25",
    "DenseRetriever": "dense",
    "HybridRetriever": "hybrid",
    "Index": "base",
    "LangChainRetriever": "langchain",
    "RecursiveChunker": "chunking",
    "Retriever": "base",
    "SentenceChunker": "chunking",
    "as_langchain": "langchain",
}

__all__ = [
    "BM25Retriever",
    "DenseRetriever",
    "HybridRetriever",
    "Index",
    "LangChainRetriever",
    "Passage",
    "RecursiveChunker",
    "Retriever",
    "SentenceChunker",
    "as_langchain",
]


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module 'retrievers' has no attribute {name!r}")
    return getattr(import_module(f"retrievers.{_HOMES[name]}"), name)


if TYPE_CHECKING:
    from retrievers.base import Index, Retriever
    from retrievers.bm25 import BM25Retriever
    from retrievers.chunking import RecursiveChunker, SentenceChunker
    from retrievers.dense import DenseRetriever
    from retrievers.hybrid import HybridRetriever
    from retrievers.langchain import LangChainRetriever, as_langchain
