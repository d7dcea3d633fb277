"""The fixed router: always the same strategy."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from lcrag.routers.base import Decision, check_candidate
from lcrag.routers.learning.query import Query
from lcrag.routers.learning.router import ReplayableRouter


@dataclass(frozen=True)
class FixedRouter(ReplayableRouter):
    """Always ``strategy``."""

    strategy: str

    @property
    def name(self) -> str:  # type: ignore[override]
        """``fixed:STRATEGY``."""
        return f"fixed:{self.strategy}"

    def choose(self, queries: Sequence[Query], candidates: Sequence[str]) -> list[Decision]:
        """The fixed strategy, which must be a candidate."""
        return [Decision(check_candidate(self.strategy, candidates, self.name), "fixed")] * len(queries)
