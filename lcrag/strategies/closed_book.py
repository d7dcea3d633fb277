"""Closed-book: the question without any document, the floor that every other strategy must beat."""

from __future__ import annotations

from dataclasses import dataclass

from lcrag.metrics.declining import declines
from lcrag.schema import Answer, Question
from lcrag.strategies.base import Card, Strategy, Toolbox
from lcrag.strategies.pieces.prompts import answer_block, answer_tokens, chat


@dataclass(frozen=True)
class ClosedBook(Strategy):
    """Ask without the document: what the model knows already (Li et al. 2025, arXiv 2501.01880, section 3).

    Attributes:
        max_tokens: maximum tokens of the answer.
        allow_decline: tell the reader that it may answer "unanswerable".
    """

    name: str = "closed_book"
    max_tokens: int = 48
    allow_decline: bool = True
    closed_book = True
    card = Card(
        "arXiv 2501.01880",
        "1",
        "0",
        "the comparison needs a floor: what the model knows without the text",
        core=True,
        case=(
            "LongBench v2: GPT-4o is right on 33.1% without the text, 50.1% with it, chance 25% (arXiv "
            "2412.15204)"
        ),
    )

    async def answer(self, question: Question, tools: Toolbox) -> Answer:
        """One call."""
        unknown = 'If you do not know, write "unanswerable".'
        content = answer_block(question, self.allow_decline, decline=unknown)
        completion = await tools.read(
            chat(content, "You answer questions."), max_tokens=answer_tokens(question, self.max_tokens)
        )
        return Answer(completion.text, declined=declines(completion.text))
