"""The course of IterDRAG's loop on one question."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from lcrag.schema import Passage
from lcrag.strategies.pieces.demonstrations import documents_block
from lcrag.strategies.pieces.passages import merge


@dataclass
class Trace:
    """What one question has so far.

    Attributes:
        retrievals: the passages of each retrieval, best first, without those of earlier ones.
        lines: follow-up questions and intermediate answers with their prefixes.
        iterations: finished pairs of question and answer.
        unprefixed: replies without their prefix.
        capped: 1 if the cap ended the iterations.
        final: the final answer.
    """

    retrievals: list[list[Passage]]
    lines: list[str] = field(default_factory=list)
    iterations: int = 0
    unprefixed: int = 0
    capped: int = 0
    final: str = ""

    @property
    def passages(self) -> list[Passage]:
        """All passages in the order of their retrieval."""
        return merge(*self.retrievals)

    @property
    def documents(self) -> str:
        """The documents for a prompt: later retrievals below earlier ones, in each the best document last."""
        return "".join(map(documents_block, self.retrievals))

    def with_retrieval(self, hits: Sequence[Passage], line: str) -> Trace:
        """The trace after one more line and the retrieval for it."""
        new = merge(self.passages, hits)[len(self.passages) :]
        return replace(self, retrievals=[*self.retrievals, new], lines=[*self.lines, line])
