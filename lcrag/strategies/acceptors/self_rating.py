"""Accept an answer that the reader itself rates highly."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import ClassVar

from lcrag.schema import Answer, Question
from lcrag.strategies.base import Toolbox
from lcrag.strategies.pieces.prompts import chat, question_block

RATE = "How likely is it that the proposed answer is right? Write a number from 0 to 100 and nothing else."


@dataclass(frozen=True)
class SelfRating:
    """The reader rates the answer in a call under the role ``route``; a reply without a number counts as 0."""

    max_evidence: ClassVar[int] = 5

    async def score(self, question: Question, answer: Answer, tools: Toolbox) -> float:
        """One call, unless the answer declines."""
        if answer.declined or not answer.text.strip():
            return 0.0
        evidence = "".join(f"Passage:\n{p.text.strip()}\n\n" for p in answer.evidence[: self.max_evidence])
        content = f"{evidence}{question_block(question)}\nProposed answer: {answer.text}\n{RATE}"
        reply = await tools.read(chat(content, "You check answers."), max_tokens=6, role="route")
        number = re.search(r"\d+(?:\.\d+)?", reply.text)
        return min(float(number[0]), 100.0) / 100 if number else 0.0
