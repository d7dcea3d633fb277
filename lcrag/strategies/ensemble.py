"""An ensemble: several strategies answer, the answer that most agree on is taken."""

from __future__ import annotations

import asyncio
from collections import Counter
from dataclasses import dataclass, replace

from lcrag.metrics.text import normalise
from lcrag.schema import Answer, Question
from lcrag.strategies.base import Card, Strategy, Toolbox

DECLINED = "\0declined"


@dataclass(frozen=True)
class Ensemble(Strategy):
    """All strategies answer; the most frequent normalised answer wins, of equally frequent ones the earlier strategy's.

    Self-consistency (Wang et al. 2022, arXiv 2203.11171) over strategies instead of samples. ``notes``: ``agreement``,
    the share of the strategies that gave it. Every call of every strategy is paid for.
    """

    strategies: tuple[Strategy, ...]
    name: str = "ensemble"
    card = Card(
        "after self-consistency, arXiv 2203.11171",
        "Σ",
        "Σ",
        "strategies err in different ways, and cost matters little",
    )

    def __post_init__(self) -> None:
        if not self.strategies:
            raise ValueError("An ensemble needs at least one strategy.")

    async def answer(self, question: Question, tools: Toolbox) -> Answer:
        """All strategies at once."""
        answers = await asyncio.gather(*(s.answer(question, tools) for s in self.strategies))
        votes = [DECLINED if a.declined else normalise(a.text) for a in answers]
        vote, count = max(Counter(votes).items(), key=lambda pair: (pair[1], -votes.index(pair[0])))
        chosen = answers[votes.index(vote)]
        return replace(chosen, notes={**chosen.notes, "agreement": count / len(votes)})
