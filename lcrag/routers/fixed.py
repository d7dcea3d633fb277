"""The fixed router: always the same strategy."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from lcrag.routers.base import Decision, nearest
from lcrag.schema import Question
from lcrag.strategies.base import Strategy, Toolbox


@dataclass(frozen=True)
class FixedRouter:
    """Always ``strategy``."""

    strategy: str

    @property
    def name(self) -> str:
        """``fixed:STRATEGY``."""
        return f"fixed:{self.strategy}"

    async def route(self, question: Question, candidates: Mapping[str, Strategy], tools: Toolbox) -> Decision:
        """The fixed strategy, which must be a candidate."""
        return Decision(nearest(self.strategy, candidates, self.name), "fixed")
