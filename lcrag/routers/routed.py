"""A router and its strategies are a strategy again."""

from __future__ import annotations

from dataclasses import dataclass, replace

from lcrag.routers.base import Router
from lcrag.schema import Answer, Question, Step
from lcrag.strategies.base import Card, Strategy, Toolbox


@dataclass(frozen=True)
class Routed(Strategy):
    """Let ``router`` choose among ``strategies`` for each question; use it like any strategy."""

    router: Router
    strategies: tuple[Strategy, ...]
    name: str = "routed"
    card = Card(
        "",
        "Σ of the router and its choice",
        "Σ of the router and its choice",
        "no strategy is the best for all questions",
        case=(
            "LaRA, 12 models, location and hallucination: 0.753 for `quality` with a probe, retrieval "
            "0.739, long context 0.652 (docs/routing.md)"
        ),
    )

    async def answer(self, question: Question, tools: Toolbox) -> Answer:
        """The router's calls and the chosen strategy's."""
        candidates = {s.name: s for s in self.strategies}
        decision = await self.router.route(question, candidates, tools)
        answer = decision.answer or await candidates[decision.strategy].answer(question, tools)
        step = Step("route", decision.reason, decision.strategy)
        return replace(answer, steps=(step, *answer.steps))
