"""Accept every answer that does not decline."""

from __future__ import annotations

from dataclasses import dataclass

from lcrag.schema import Answer, Question
from lcrag.strategies.base import Toolbox


@dataclass(frozen=True)
class Answered:
    """1 for an answer, 0 for one that declines or is empty: the test of Self-Route."""

    async def score(self, question: Question, answer: Answer, tools: Toolbox) -> float:
        """Costs nothing."""
        return 0.0 if answer.declined or not answer.text.strip() else 1.0
