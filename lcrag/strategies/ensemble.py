"""An ensemble: several strategies answer and the most frequent answer wins."""

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
    """Let all strategies answer and take the most frequent answer (after Wang et al. 2022, arXiv 2203.11171).

    Self-consistency over strategies instead of samples. Answers are compared after normalisation; among equally
    frequent answers that of the earlier strategy wins. All calls of all strategies count. ``notes``: ``agreement``,
    the share of the strategies that gave the answer.

    Differs from the paper: the votes are those of different strategies, not of samples of one.
    """

    strategies: tuple[Strategy, ...]
    name: str = "ensemble"
    card = Card(
        "after self-consistency, arXiv 2203.11171",
        "Σ of all strategies",
        "Σ of all strategies",
        "the strategies make different mistakes and cost matters little",
        case="not measured against either",
    )

    def __post_init__(self) -> None:
        if not self.strategies:
            raise ValueError("An ensemble needs at least one strategy.")

    async def answer(self, question: Question, tools: Toolbox) -> Answer:
        """All strategies at once."""
        answers = await asyncio.gather(*(s.answer(question, tools) for s in self.strategies))
        votes = [DECLINED if a.declined else normalise(a.text) for a in answers]
        vote, count = max(Counter(votes).items(), key=lambda pair: (pair[1], -votes.index(pair[0])))
        winner = answers[votes.index(vote)]
        truncation = winner.truncation or next((a.truncation for a in answers if a.truncation), "")
        return replace(winner, truncation=truncation, notes={**winner.notes, "agreement": count / len(votes)})
