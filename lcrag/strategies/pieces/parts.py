"""A long text in parts that are read one by one."""

from __future__ import annotations

from collections.abc import Sequence

from lcrag.schema import Document, Passage
from retrievers.chunkers import RecursiveChunker


def parts_of(documents: Sequence[Document], chars: int) -> list[Passage]:
    """The documents' parts in order, each of at most ``chars`` characters."""
    chunker = RecursiveChunker(chars, 0)
    return [
        Passage(d.text[s:e], d.id, s, e)
        for d in documents
        for s, e in chunker.split(d.text)
        if d.text[s:e].strip()
    ]


def part_block(part: Passage) -> str:
    """A part as the beginning of a prompt, the same for every question."""
    return f"Part of a text:\n{part.text.strip()}\n\n"
