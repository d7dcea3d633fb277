"""The random router: what any router must beat."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass

from lcrag.routers.base import Decision
from lcrag.routers.learning.query import Query
from lcrag.routers.learning.router import ReplayableRouter


@dataclass(frozen=True)
class RandomRouter(ReplayableRouter):
    """Uniform over the candidates; a question's choice depends on the seed and its id, not on the order."""

    seed: int = 0
    name: str = "random_router"

    def choose(self, queries: Sequence[Query], candidates: Sequence[str]) -> list[Decision]:
        """A candidate drawn at random for each query."""
        ordered = sorted(candidates)
        draws = [random.Random(f"{self.seed}:{q.id}").choice(ordered) for q in queries]
        return [Decision(draw, "drawn", propensity=1 / len(ordered)) for draw in draws]
