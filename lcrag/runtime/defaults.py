"""The retriever and the embedder that are used where none is given."""

from __future__ import annotations

from embedders.base import Embedder
from retrievers.base import Retriever


def default_embedder() -> Embedder:
    """MiniLM through sentence-transformers."""
    from embedders.sentence_transformer import SentenceTransformerEmbedder

    return SentenceTransformerEmbedder()


def default_retriever(embedder: Embedder) -> Retriever:
    """BM25 and dense search, fused by reciprocal rank."""
    from retrievers.hybrid import HybridRetriever

    return HybridRetriever(embedder=embedder)
