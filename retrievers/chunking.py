"""Splitting a text into chunks with exact character offsets."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Protocol

Span = tuple[int, int]


class Chunker(Protocol):
    """Splits a text."""

    def split(self, text: str) -> list[Span]:
        """Chunks as (start, end) offsets into ``text``, in order."""


@dataclass(frozen=True)
class RecursiveChunker:
    """langchain-text-splitters' recursive splitter: paragraphs, then lines, words, characters.

    Attributes:
        size: characters of a chunk at most.
        overlap: characters that neighbours share at most.
    """

    size: int = 1000
    overlap: int = 150

    def __post_init__(self) -> None:
        _check(self.size, self.overlap)

    def split(self, text: str) -> list[Span]:
        """Chunks as (start, end) offsets: ``text[start:end]`` is the splitter's chunk."""
        from langchain_text_splitters import RecursiveCharacterTextSplitter

        splitter = RecursiveCharacterTextSplitter(chunk_size=self.size, chunk_overlap=self.overlap)
        spans: list[Span] = []
        for chunk in splitter.split_text(text):
            # Repeated text: a chunk starts after its predecessor's start, shares at most the overlap
            # with it, and ends after its end.
            previous, end = spans[-1] if spans else (-1, 0)
            start = text.find(chunk, max(previous + 1, end - self.overlap, end - len(chunk) + 1, 0))
            if start < 0:
                raise ValueError(f"A chunk was not found in its text: {chunk[:60]!r}.")
            spans.append((start, start + len(chunk)))
        return spans


@dataclass(frozen=True)
class SentenceChunker:
    """Packs whole sentences until the next would not fit; a longer sentence is a chunk of its own.

    Attributes:
        size: characters of a chunk at most, one long sentence excepted.
    """

    size: int = 1000

    def __post_init__(self) -> None:
        _check(self.size, 0)

    def split(self, text: str) -> list[Span]:
        """Chunks as (start, end) offsets; surrounding white space is left out."""
        spans: list[Span] = []
        for match in re.finditer(r"\S.*?(?:[.!?][\"')\]]*(?=\s)|\n\s*\n|\Z)", text, re.DOTALL):
            start, end = match.start(), match.start() + len(match.group().rstrip())
            if spans and end - spans[-1][0] <= self.size:
                spans[-1] = (spans[-1][0], end)
            else:
                spans.append((start, end))
        return spans


def _check(size: int, overlap: int) -> None:
    if size < 1 or not 0 <= overlap < size:
        raise ValueError(f"size must be at least 1 and overlap between 0 and size, not {size} and {overlap}.")
