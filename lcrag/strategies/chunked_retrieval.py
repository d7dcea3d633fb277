"""Chunked retrieval: only the best passages go into the prompt."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

from lcrag.metrics.refusal import is_refusal
from lcrag.schema import Answer, Passage, Question
from lcrag.strategies.base import Toolbox
from lcrag.strategies.prompts import DECLINE, SHORT, chat, question_block
from retrievers.order import Order, ordered


def passages_block(passages: Sequence[Passage]) -> str:
    """Numbered passages."""
    return "".join(f"Passage {i}:\n{p.text.strip()}\n\n" for i, p in enumerate(passages, start=1))


@dataclass(frozen=True)
class ChunkedRetrieval:
    """Retrieve the ``k`` best chunks and answer from them in one call (retrieval-augmented generation).

    Attributes:
        k: passages in the prompt.
        order: how they stand in the prompt (see ``retrievers.order``).
        max_tokens: tokens of the answer at most.
        allow_decline: offer to answer "unanswerable".
    """

    name: str = "chunked_retrieval"
    k: int = 5
    order: Order = "score"
    max_tokens: int = 48
    allow_decline: bool = True
    document_first: ClassVar[bool] = False

    async def answer(self, question: Question, tools: Toolbox) -> Answer:
        """One retrieval, one call."""
        passages = await tools.retrieve(question.text, question, self.k)
        ending = question_block(question, SHORT, DECLINE if self.allow_decline else "")
        content = passages_block(ordered(passages, self.order)) + ending
        completion = await tools.read(chat(content), max_tokens=self.max_tokens)
        return Answer(completion.text, tuple(passages), declined=is_refusal(completion.text))
