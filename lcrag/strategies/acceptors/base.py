"""How sure a cascade may be of an answer: from 0 to 1."""

from __future__ import annotations

from typing import Protocol

from lcrag.schema import Answer, Question
from lcrag.strategies.base import Toolbox


class Acceptor(Protocol):
    """FrugalGPT's scorer g(q, a) (Chen et al. 2023, arXiv 2305.05176, section 3)."""

    async def score(self, question: Question, answer: Answer, tools: Toolbox) -> float:
        """How good the answer seems, 0 to 1."""
