"""A cascade: try the cheap strategy, escalate when its answer is not good enough."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import ClassVar

from lcrag.schema import Answer, Question
from lcrag.strategies.base import Card, Strategy, Toolbox
from lcrag.strategies.chunked_retrieval import ChunkedRetrieval
from lcrag.strategies.long_context import LongContext
from lcrag.strategies.pieces.acceptors import Acceptor, Answered
from lcrag.strategies.pieces.truncation import Truncate
from lcrag.strategies.prompts import DECLINE
from retrievers.order import Order


@dataclass(frozen=True)
class Cascade:
    """Ask the strategies in turn; the first whose answer is accepted, or the last, answers.

    FrugalGPT's cascade (Chen et al. 2023, arXiv 2305.05176, section 3) with strategies for models. Every call that
    was made is paid for, also those whose answer was discarded. ``notes["stage"]`` is the number of the strategy that
    answered, from 1; ``notes["confidence"]`` what ``accept`` gave its answer (the last strategy's is not asked for).

    Attributes:
        strategies: cheapest first.
        accept: scores an answer: ``answered``, ``supported`` or ``self_rating`` (see ``acceptors``).
        thresholds: the least score with which each strategy but the last is accepted: one for all, or one each.
    """

    strategies: tuple[Strategy, ...]
    accept: Acceptor = field(default_factory=Answered)
    thresholds: tuple[float, ...] = (0.5,)
    name: str = "cascade"
    document_first: ClassVar[bool] = False
    card: ClassVar[Card] = Card(
        "FrugalGPT, arXiv 2305.05176",
        "Σ up to the stage",
        "Σ up to the stage",
        "most questions are easy and one can tell",
    )

    def __post_init__(self) -> None:
        if not self.strategies:
            raise ValueError("A cascade needs at least one strategy.")
        if len(self.thresholds) not in {1, max(1, len(self.strategies) - 1)}:
            raise ValueError(
                f"{len(self.thresholds)} thresholds for {len(self.strategies)} strategies: "
                "give one, or one for each but the last."
            )

    async def answer(self, question: Question, tools: Toolbox) -> Answer:
        """Between one strategy's calls and all strategies' calls."""
        *early, last = self.strategies
        thresholds = self.thresholds * len(early) if len(self.thresholds) == 1 else self.thresholds
        for stage, (strategy, threshold) in enumerate(zip(early, thresholds, strict=False), start=1):
            answer = await strategy.answer(question, tools)
            confidence = await self.accept.score(question, answer, tools)
            if confidence >= threshold:
                return replace(answer, notes={**answer.notes, "stage": stage, "confidence": confidence})
        answer = await last.answer(question, tools)
        return replace(answer, notes={**answer.notes, "stage": len(self.strategies)})


@dataclass(frozen=True)
class SelfRoute:
    """Self-Route (Li et al. 2024, arXiv 2407.16833): retrieve with leave to decline, else the whole text.

    The second step is asked without the option to decline, as published.

    Attributes:
        k: passages of the first step (5 was the cheapest in the paper's table of k).
        order: how they stand in the prompt; the paper keeps them by score.
        max_tokens: tokens of the answer at most.
        truncate: what to do when the whole document does not fit.
        decline: the sentence that gives leave to decline.
    """

    name: str = "self_route"
    k: int = 5
    order: Order = "score"
    max_tokens: int = 48
    truncate: Truncate = "error"
    decline: str = DECLINE
    document_first: ClassVar[bool] = False
    card: ClassVar[Card] = Card(
        "Self-Route, arXiv 2407.16833",
        "1 or 2",
        "k·c, or k·c + D",
        "the reader knows when passages do not answer",
    )
    _cascade: Cascade = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        retrieval = ChunkedRetrieval(
            k=self.k, order=self.order, max_tokens=self.max_tokens, decline=self.decline
        )
        whole = LongContext(max_tokens=self.max_tokens, truncate=self.truncate, allow_decline=False)
        object.__setattr__(self, "_cascade", Cascade((retrieval, whole), name=self.name))

    async def answer(self, question: Question, tools: Toolbox) -> Answer:
        """One retrieval and one or two calls."""
        return await self._cascade.answer(question, tools)
