"""LongRAG's long retrieval units."""

from __future__ import annotations

from retrievers.chunkers.token import TokenChunker


def longrag_units(tokenizer: str = "") -> TokenChunker:
    """LongRAG's units of about 4k tokens (Jiang et al. 2024, arXiv 2406.15319, section 3.1)."""
    return TokenChunker(4096, 0, tokenizer)
