"""Accept an answer whose words stand in its evidence."""

from __future__ import annotations

from dataclasses import dataclass

from lcrag.metrics.text import normalise
from lcrag.schema import Answer, Question
from lcrag.strategies.base import Toolbox


@dataclass(frozen=True)
class Supported:
    """The share of the answer's words that stand in its evidence; 0 for an answer that declines or has none."""

    async def score(self, question: Question, answer: Answer, tools: Toolbox) -> float:
        """Costs nothing."""
        said = normalise(answer.text).split()
        known = {word for p in answer.evidence for word in normalise(p.text).split()}
        return 0.0 if answer.declined or not said else sum(word in known for word in said) / len(said)
