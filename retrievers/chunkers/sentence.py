"""Whole sentences."""

from __future__ import annotations

import re
from dataclasses import dataclass

from retrievers.chunkers.base import Span, check

SENTENCE = re.compile(r"\S.*?(?:[.!?][\"')\]]*(?=\s)|\n\s*\n|\Z)", re.DOTALL)


def sentences(text: str) -> list[Span]:
    """The sentences of a text as (start, end) offsets; a blank line ends one too."""
    return [(m.start(), m.start() + len(m.group().rstrip())) for m in SENTENCE.finditer(text)]


@dataclass(frozen=True)
class SentenceChunker:
    """Packs whole sentences until the next would not fit; a longer sentence is a chunk of its own.

    Attributes:
        size: characters of a chunk at most, one long sentence excepted.
    """

    size: int = 1000

    def __post_init__(self) -> None:
        check(self.size)

    def split(self, text: str) -> list[Span]:
        """Chunks as (start, end) offsets; surrounding white space is left out."""
        spans: list[Span] = []
        for start, end in sentences(text):
            if spans and end - spans[-1][0] <= self.size:
                spans[-1] = (spans[-1][0], end)
            else:
                spans.append((start, end))
        return spans
