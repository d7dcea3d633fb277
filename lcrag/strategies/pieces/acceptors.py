"""How sure a cascade may be of an answer: from 0 to 1."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import ClassVar, Protocol

from lcrag.metrics.text import normalise
from lcrag.schema import Answer, Question
from lcrag.strategies.base import Toolbox
from lcrag.strategies.prompts import chat, question_block

RATE = "How likely is it that the proposed answer is right? Write a number from 0 to 100 and nothing else."


class Acceptor(Protocol):
    """FrugalGPT's scorer g(q, a) (Chen et al. 2023, arXiv 2305.05176, section 3)."""

    async def score(self, question: Question, answer: Answer, tools: Toolbox) -> float:
        """How good the answer seems, 0 to 1."""


@dataclass(frozen=True)
class Answered:
    """1 unless the answer declines: Self-Route's test."""

    async def score(self, question: Question, answer: Answer, tools: Toolbox) -> float:
        """Costs nothing."""
        return 0.0 if answer.declined or not answer.text.strip() else 1.0


@dataclass(frozen=True)
class Supported:
    """The share of the answer's words that stand in its evidence; 0 for an answer that declines or has none."""

    async def score(self, question: Question, answer: Answer, tools: Toolbox) -> float:
        """Costs nothing."""
        said = normalise(answer.text).split()
        known = {word for p in answer.evidence for word in normalise(p.text).split()}
        return 0.0 if answer.declined or not said else sum(word in known for word in said) / len(said)


@dataclass(frozen=True)
class SelfRating:
    """The reader rates the answer, in a call that is booked under ``route``; a reply without a number is 0."""

    most_evidence: ClassVar[int] = 5

    async def score(self, question: Question, answer: Answer, tools: Toolbox) -> float:
        """One call, unless the answer declines."""
        if answer.declined or not answer.text.strip():
            return 0.0
        shown = "".join(f"Passage:\n{p.text.strip()}\n\n" for p in answer.evidence[: self.most_evidence])
        content = f"{shown}{question_block(question)}\nProposed answer: {answer.text}\n{RATE}"
        reply = await tools.read(chat(content, "You check answers."), max_tokens=6, role="route")
        number = re.search(r"\d+(?:\.\d+)?", reply.text)
        return min(float(number[0]), 100.0) / 100 if number else 0.0
