"""A cascade: try the cheap strategy, escalate when it declines."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import ClassVar

from lcrag.schema import Answer, Question
from lcrag.strategies.base import Strategy, Toolbox
from lcrag.strategies.chunked_retrieval import ChunkedRetrieval
from lcrag.strategies.long_context import LongContext
from lcrag.strategies.truncation import Truncate
from retrievers.order import Order


@dataclass(frozen=True)
class Cascade:
    """Ask the strategies in turn; the first that does not decline, or the last, answers.

    Every call that was made is paid for, also those whose answer was discarded. ``notes["stage"]``
    is the number of the strategy that answered, from 1.
    """

    strategies: tuple[Strategy, ...]
    name: str = "cascade"
    document_first: ClassVar[bool] = False

    def __post_init__(self) -> None:
        if not self.strategies:
            raise ValueError("A cascade needs at least one strategy.")

    async def answer(self, question: Question, tools: Toolbox) -> Answer:
        """Between one strategy's calls and all strategies' calls."""
        for stage, strategy in enumerate(self.strategies, start=1):
            answer = await strategy.answer(question, tools)
            answer = replace(answer, notes={**answer.notes, "stage": stage})
            if not answer.declined:
                break
        return answer


@dataclass(frozen=True)
class SelfRoute:
    """Self-Route (Li et al. 2024, arXiv 2407.16833): retrieve with leave to decline, else the whole text.

    The second step is asked without the option to decline, as published.

    Attributes:
        k: passages of the first step (5 was the cheapest in the paper's table of k).
        order: how they stand in the prompt; the paper keeps them by score.
        max_tokens: tokens of the answer at most.
        truncate: what to do when the whole document does not fit.
    """

    name: str = "self_route"
    k: int = 5
    order: Order = "score"
    max_tokens: int = 48
    truncate: Truncate = "error"
    document_first: ClassVar[bool] = False
    _cascade: Cascade = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        retrieval = ChunkedRetrieval(k=self.k, order=self.order, max_tokens=self.max_tokens)
        whole = LongContext(max_tokens=self.max_tokens, truncate=self.truncate, allow_decline=False)
        object.__setattr__(self, "_cascade", Cascade((retrieval, whole), self.name))

    async def answer(self, question: Question, tools: Toolbox) -> Answer:
        """One retrieval and one or two calls."""
        return await self._cascade.answer(question, tools)
