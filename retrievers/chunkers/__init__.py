"""Splitting a text into chunks with exact character offsets: ``text[start:end]`` is the chunk."""

from retrievers.chunkers.base import Chunker, Span
from retrievers.chunkers.recursive import RecursiveChunker
from retrievers.chunkers.semantic import SemanticChunker
from retrievers.chunkers.sentence import SentenceChunker
from retrievers.chunkers.token import TokenChunker, longrag_units

__all__ = [
    "Chunker",
    "RecursiveChunker",
    "SemanticChunker",
    "SentenceChunker",
    "Span",
    "TokenChunker",
    "longrag_units",
]
