"""The random router: what any router must beat."""

from __future__ import annotations

import random
from collections.abc import Mapping
from dataclasses import dataclass

from lcrag.routers.base import Decision
from lcrag.schema import Question
from lcrag.strategies.base import Strategy, Toolbox


@dataclass(frozen=True)
class RandomRouter:
    """Uniform over the candidates; a question's choice depends on the seed and its id, not on the order."""

    seed: int = 0
    name: str = "random_router"

    async def route(self, question: Question, candidates: Mapping[str, Strategy], tools: Toolbox) -> Decision:
        """One candidate drawn at random."""
        drawn = random.Random(f"{self.seed}:{question.id}").choice(sorted(candidates))
        return Decision(drawn, "drawn")
