"""LaRA's whole retrieval, with its reranker."""

from __future__ import annotations

from typing import Any

from retrievers.embedding import Embedder
from retrievers.lara_hybrid import lara_hybrid
from retrievers.reranker import Reranker


def lara_reranked(embedder: Embedder, model: Any, tokenizer: str = "") -> Reranker:
    """LaRA's whole retrieval (Li et al. 2025, arXiv 2502.09977, released code): see ``lara_hybrid``.

    The cross-encoder (``model``, see ``Reranker``) reads the five retrieved passages and only changes their order.
    """
    return Reranker(lara_hybrid(embedder, tokenizer), model, fetch=5)
