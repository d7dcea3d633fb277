"""Refine: read on, and better the answer."""

from __future__ import annotations

from dataclasses import dataclass

from lcrag.metrics.declining import declines
from lcrag.schema import Answer, Question
from lcrag.strategies.base import Card, Strategy, Toolbox
from lcrag.strategies.pieces.parts import part_block, parts_of
from lcrag.strategies.pieces.prompts import DECLINE, SHORT, chat, question_block

BETTER = "If this part changes or completes the answer, write the better answer, else repeat the one so far."


@dataclass(frozen=True)
class Refine(Strategy):
    """Part after part, each call sees the answer so far and may better it (LangChain's and LlamaIndex's refine).

    An answer is not given up for "unanswerable". ``notes``: ``parts``, ``changes``.

    Attributes:
        part_chars: characters of a part at most.
        max_tokens: tokens of an answer at most.
    """

    name: str = "refine"
    part_chars: int = 8000
    max_tokens: int = 48
    document_first = True
    card = Card("", "N", "D", "the text is longer than any window; later parts complete earlier ones")

    async def answer(self, question: Question, tools: Toolbox) -> Answer:
        """A call for each part, one after the other."""
        parts = parts_of(tools.documents(question), self.part_chars)
        so_far, changes = "", 0
        for part in parts:
            block = part_block(part)
            told = f"The answer so far: {so_far}\n" if so_far else ""
            ask = f"{told}{question_block(question, BETTER if so_far else '', SHORT, DECLINE)}"
            reply = await tools.read(chat(block + ask), max_tokens=self.max_tokens, prefix_chars=len(block))
            if reply.text and not declines(reply.text) and reply.text != so_far:
                changes += bool(so_far)
                so_far = reply.text
        notes = {"parts": len(parts), "changes": changes}
        return Answer(so_far or "unanswerable", declined=not so_far, notes=notes)
