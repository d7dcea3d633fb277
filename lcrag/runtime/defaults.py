"""The retriever and the embedder that are used where none is given."""

from __future__ import annotations

from embedders.base import Embedder
from retrievers.base import Retriever


def default_embedder() -> Embedder:
    """MiniLM through sentence-transformers."""
    from embedders.sentence_transformer import SentenceTransformerEmbedder

    return SentenceTransformerEmbedder()


def with_defaults(retriever: Retriever | None, embedder: Embedder | None) -> tuple[Retriever, Embedder]:
    """Both as given, the default in place of ``None``: BM25 and dense search fused by reciprocal rank, and MiniLM."""
    embedder = embedder or default_embedder()
    if retriever is None:
        from retrievers.hybrid import HybridRetriever

        retriever = HybridRetriever(embedder=embedder)
    return retriever, embedder
