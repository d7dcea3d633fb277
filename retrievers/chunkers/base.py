"""What a chunker is, and the check of its sizes."""

from __future__ import annotations

from typing import Protocol

Span = tuple[int, int]


class Chunker(Protocol):
    """Splits a text."""

    def split(self, text: str) -> list[Span]:
        """Chunks as (start, end) offsets into ``text``, in order."""


def check(size: int, overlap: int = 0) -> None:
    """Refuse impossible sizes.

    Raises:
        ValueError: size below 1, or overlap outside 0 to size - 1.
    """
    if size < 1 or not 0 <= overlap < size:
        raise ValueError(f"size must be at least 1 and overlap between 0 and size, not {size} and {overlap}.")
