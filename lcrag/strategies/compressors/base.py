"""Ways to make a text shorter before it is read."""

from __future__ import annotations

from typing import Protocol

from lcrag.schema import Document, Question
from lcrag.strategies.base import Toolbox


class Compressor(Protocol):
    """Makes a document shorter for a question."""

    async def compress(self, document: Document, question: Question, tokens: int, tools: Toolbox) -> str:
        """The document in about ``tokens`` tokens."""
