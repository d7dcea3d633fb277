"""LaRA's retrieval before its reranker."""

from __future__ import annotations

from retrievers.chunkers import TokenChunker
from retrievers.embedding import Embedder
from retrievers.hybrid import HybridRetriever


def lara_hybrid(embedder: Embedder, tokenizer: str = "") -> HybridRetriever:
    """LaRA's recipe (Li et al. 2025, arXiv 2502.09977, released code): chunks of 600 tokens with 100 shared.

    For k = 5 it takes 3 passages by BM25, then 2 by dense search. The paper embeds with gte-large-en-v1.5;
    ``lara_reranked`` adds its reranker.
    """
    return HybridRetriever(embedder, TokenChunker(600, 100, tokenizer), fusion="quota", dense_weight=0.5)
