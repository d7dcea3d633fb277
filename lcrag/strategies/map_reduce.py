"""Map-reduce: an answer from each part of the text, then one answer from these."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass

from lcrag.metrics.declining import declines
from lcrag.schema import Answer, Question
from lcrag.strategies.base import Card, Strategy, Toolbox
from lcrag.strategies.pieces.parts import part_block, parts_of
from lcrag.strategies.pieces.prompts import answer_block, answer_tokens, chat


@dataclass(frozen=True)
class MapReduce(Strategy):
    """Answer from every part of the text separately, then combine the answers (Merge in arXiv 2406.02818).

    A baseline of Chain-of-Agents (Zhang et al. 2024). Parts that decline are left out; if all decline, the answer
    declines without a last call. ``notes``: ``parts``, ``answered`` (parts that did not decline).

    Attributes:
        part_chars: maximum characters of a part.
        part_tokens: maximum tokens of a part's answer.
        max_tokens: maximum tokens of the answer.

    Differs from the paper: a last call combines the answers, where the paper takes a vote, and parts that decline are
    left out.
    """

    name: str = "map_reduce"
    part_chars: int = 8000
    part_tokens: int = 48
    max_tokens: int = 48
    document_first = True
    card = Card(
        "as in arXiv 2406.02818",
        "N + 1",
        "D",
        "the text is longer than any window and its parts can be read independently",
        case="not measured against either",
    )

    async def answer(self, question: Question, tools: Toolbox) -> Answer:
        """One call for each part, all at the same time, and one for the answers."""
        parts = parts_of(tools.documents(question), self.part_chars)
        ask = answer_block(question, True, required=True)
        replies = await asyncio.gather(
            *(
                tools.read(chat(block + ask), max_tokens=self.part_tokens, prefix_chars=len(block))
                for block in map(part_block, parts)
            )
        )
        pairs = [(p, r.text) for p, r in zip(parts, replies, strict=True) if r.text and not declines(r.text)]
        notes = {"parts": len(parts), "answered": len(pairs)}
        if not pairs:
            return Answer("unanswerable", declined=True, notes=notes)
        answers = "\n".join(f"- {text}" for _, text in pairs)
        content = f"Answers from different parts of a text:\n{answers}\n\n{answer_block(question)}"
        completion = await tools.read(chat(content), max_tokens=answer_tokens(question, self.max_tokens))
        evidence = tuple(p for p, _ in pairs)
        return Answer(completion.text, evidence, declined=declines(completion.text), notes=notes)
