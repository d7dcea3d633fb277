"""What led to an answer, and strategies whose answers say what they took."""

from __future__ import annotations

from dataclasses import dataclass, replace

from lcrag.routers.base import Decision
from lcrag.routers.learning.query import Query
from lcrag.schema import Answer, Ledger, Question
from lcrag.strategies.base import Strategy, Toolbox


@dataclass(frozen=True)
class Metered(Strategy):
    """A strategy whose answers say what they took alone."""

    strategy: Strategy

    @property
    def name(self) -> str:
        """The strategy's."""
        return self.strategy.name

    async def answer(self, question: Question, tools: Toolbox) -> Answer:
        """The strategy's answer with its ledger."""
        answer, ledger = await tools.metered(lambda own: self.strategy.answer(question, own))
        return replace(answer, usage=ledger)


@dataclass(frozen=True)
class Observed:
    """What led to an answer."""

    query: Query
    decision: Decision
    candidates: tuple[str, ...]
    router: str
    usage: Ledger  # of the chosen strategy alone
