"""Accept an answer whose words are in its evidence."""

from __future__ import annotations

from dataclasses import dataclass

from lcrag.metrics.text import normalise
from lcrag.schema import Answer, Question
from lcrag.strategies.base import Toolbox


@dataclass(frozen=True)
class Supported:
    """The share of the answer's words that are in its evidence; 0 for an answer that declines or has no evidence."""

    async def score(self, question: Question, answer: Answer, tools: Toolbox) -> float:
        """Costs nothing."""
        words = normalise(answer.text).split()
        evidence = {word for p in answer.evidence for word in normalise(p.text).split()}
        return 0.0 if answer.declined or not words else sum(w in evidence for w in words) / len(words)
