"""Refine: update the answer part by part."""

from __future__ import annotations

from dataclasses import dataclass

from lcrag.metrics.declining import declines
from lcrag.schema import Answer, Question
from lcrag.strategies.base import Card, Strategy, Toolbox
from lcrag.strategies.pieces.parts import part_block, parts_of
from lcrag.strategies.pieces.prompts import SHORT, answer_block, answer_tokens, chat

UPDATE = "If this part changes or completes the answer, write the better answer, else repeat the one so far."


@dataclass(frozen=True)
class Refine(Strategy):
    """Read part after part and update the answer after each (LangChain's and LlamaIndex's refine).

    Each call sees the answer so far. "unanswerable" never replaces an answer. ``notes``: ``parts``, ``changes`` (of
    the answer).

    Attributes:
        part_chars: maximum characters of a part.
        max_tokens: maximum tokens of an answer.
    """

    name: str = "refine"
    part_chars: int = 8000
    max_tokens: int = 48
    document_first = True
    card = Card(
        "",
        "N",
        "D",
        "the text is longer than any window and later parts complete earlier ones",
        case="not measured against either",
    )

    async def answer(self, question: Question, tools: Toolbox) -> Answer:
        """One call for each part, one after the other."""
        parts = parts_of(tools.documents(question), self.part_chars)
        answer, changes = "", 0
        for part in parts:
            block = part_block(part)
            answer_line = f"The answer so far: {answer}\n\n" if answer else ""
            form = f"{UPDATE}\n{SHORT}" if answer else SHORT
            ask = answer_line + answer_block(question, not answer, form=form, required=True)
            reply = await tools.read(
                chat(block + ask),
                max_tokens=answer_tokens(question, self.max_tokens),
                prefix_chars=len(block),
            )
            if reply.text and not declines(reply.text) and reply.text != answer:
                changes += bool(answer)
                answer = reply.text
        notes = {"parts": len(parts), "changes": changes}
        return Answer(answer or "unanswerable", declined=not answer, notes=notes)
