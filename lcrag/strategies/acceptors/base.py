"""What a test of a cascade looks like."""

from __future__ import annotations

from typing import Protocol

from lcrag.schema import Answer, Question
from lcrag.strategies.base import Toolbox


class Acceptor(Protocol):
    """Scores an answer: g(q, a) of FrugalGPT (Chen et al. 2023, arXiv 2305.05176, section 3)."""

    async def score(self, question: Question, answer: Answer, tools: Toolbox) -> float:
        """How good the answer seems to be, 0 to 1."""
