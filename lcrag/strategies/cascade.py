"""A cascade: try the cheap strategy first, go on when its answer is not good enough."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

from lcrag.schema import Answer, Question
from lcrag.strategies.acceptors import Acceptor, Answered
from lcrag.strategies.base import Card, Strategy, Toolbox


@dataclass(frozen=True)
class Cascade(Strategy):
    """Try the strategies in turn until an answer is accepted; the last strategy's answer always is.

    FrugalGPT's cascade (Chen et al. 2023, arXiv 2305.05176, section 3) with strategies instead of models. All
    calls count, also those whose answer was rejected. ``notes["stage"]`` is the number of the strategy that answered,
    from 1; ``notes["confidence"]`` is the score of its answer (the last strategy's answer is not scored).

    Attributes:
        strategies: cheapest first.
        accept: the test that scores an answer: ``answered``, ``supported`` or ``self_rating`` (see ``acceptors``).
        thresholds: the score from which an answer is accepted: one for all strategies but the last, or one for each.

    Differs from the paper: an acceptor scores the answers, not a trained model, and the thresholds are given, not
    learned.
    """

    strategies: tuple[Strategy, ...]
    accept: Acceptor = field(default_factory=Answered)
    thresholds: tuple[float, ...] = (0.5,)
    name: str = "cascade"
    card = Card(
        "FrugalGPT, arXiv 2305.05176",
        "Σ of the strategies tried",
        "Σ of the strategies tried",
        "most questions are easy and a wrong answer can be recognised",
        case=(
            "LaRA, 12 models, location and hallucination: 0.749 with learned thresholds, retrieval 0.739, "
            "long context 0.652 (docs/routing.md)"
        ),
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
        truncation = ""
        for stage, (strategy, threshold) in enumerate(zip(early, thresholds, strict=False), start=1):
            answer = await strategy.answer(question, tools)
            confidence = await self.accept.score(question, answer, tools)
            truncation = answer.truncation or truncation
            if confidence >= threshold:
                notes = {**answer.notes, "stage": stage, "confidence": confidence}
                return replace(answer, truncation=truncation, notes=notes)
        answer = await last.answer(question, tools)
        notes = {**answer.notes, "stage": len(self.strategies)}
        return replace(answer, truncation=answer.truncation or truncation, notes=notes)
