"""Paragraphs, lines, words: langchain-text-splitters' recursive splitter with exact offsets."""

from __future__ import annotations

import re
from dataclasses import dataclass

from retrievers.chunkers.base import Span, check


@dataclass(frozen=True)
class RecursiveChunker:
    """langchain-text-splitters' recursive splitter: paragraphs, then lines, words, characters.

    The splitter cuts the text without overlap, so that offsets are exact even where the text repeats itself.
    Each chunk is then extended backwards, to the beginning of a word, into the chunk before.

    Attributes:
        size: The maximum number of characters in a chunk.
        overlap: The maximum number of characters that neighbouring chunks share.
    """

    size: int = 1000
    overlap: int = 150

    def __post_init__(self) -> None:
        check(self.size, self.overlap)

    def split(self, text: str) -> list[Span]:
        """Chunks as (start, end) offsets, in order; surrounding white space is left out."""
        from langchain_text_splitters import RecursiveCharacterTextSplitter

        splitter = RecursiveCharacterTextSplitter(
            chunk_size=self.size - self.overlap, chunk_overlap=0, strip_whitespace=False
        )
        spans: list[Span] = []
        at = 0
        for part in splitter.split_text(text):
            start, at = at, at + len(part)
            if not part.strip():
                continue
            start = _word_after(text, max(0, start - self.overlap), start) if spans else start
            start += len(text[start:at]) - len(text[start:at].lstrip())
            spans.append((start, len(text[:at].rstrip())))
        return spans


def _word_after(text: str, low: int, high: int) -> int:
    """The first place from ``low`` to ``high`` where a word begins."""
    if low == 0 or text[low - 1].isspace():
        return low
    space = re.compile(r"\s").search(text, low, high)
    return space.end() if space else high
