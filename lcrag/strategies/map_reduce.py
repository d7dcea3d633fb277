"""Map-reduce: an answer from each part of the text, then one from the answers."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass

from lcrag.metrics.declining import declines
from lcrag.schema import Answer, Question
from lcrag.strategies.base import Card, Strategy, Toolbox
from lcrag.strategies.pieces.parts import part_block, parts_of
from lcrag.strategies.pieces.prompts import DECLINE, SHORT, chat, question_block


@dataclass(frozen=True)
class MapReduce(Strategy):
    """Every part is asked by itself, the parts' answers are put together in a last call.

    Chain-of-Agents (Zhang et al. 2024, arXiv 2406.02818) compares with it as Merge. Parts that decline are left out;
    when all do, the answer declines and no last call is made. ``notes``: ``parts``, ``answered``.

    Attributes:
        part_chars: characters of a part at most.
        part_tokens: tokens of a part's answer at most.
        max_tokens: tokens of the answer at most.
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
        "the text is longer than any window; the parts answer independently",
    )

    async def answer(self, question: Question, tools: Toolbox) -> Answer:
        """A call for each part, at the same time, and one for all."""
        parts = parts_of(tools.documents(question), self.part_chars)
        ask = question_block(question, SHORT, DECLINE)
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
        told = "\n".join(f"- {text}" for _, text in pairs)
        content = f"Answers from different parts of a text:\n{told}\n\n{question_block(question, SHORT)}"
        completion = await tools.read(chat(content), max_tokens=self.max_tokens)
        evidence = tuple(p for p, _ in pairs)
        return Answer(completion.text, evidence, declined=declines(completion.text), notes=notes)
