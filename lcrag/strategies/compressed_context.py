"""Compressed context: the whole text made shorter, then read."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from lcrag.metrics.declining import declines
from lcrag.schema import Answer, Question
from lcrag.strategies.base import Card, Strategy, Toolbox
from lcrag.strategies.compressors import Compressor, Extractive
from lcrag.strategies.pieces.prompts import DECLINE, SHORT, chat, question_block


@dataclass(frozen=True)
class CompressedContext(Strategy):
    """Read the document at a fixed number of tokens, made by a compressor (LLMLingua, arXiv 2310.05736).

    ``notes``: ``kept``, the share of the document's tokens that is left.

    Attributes:
        tokens: of the compressed document, about.
        compressor: ``extractive`` (nearest sentences) or ``llmlingua``.
        max_tokens: tokens of the answer at most.
        allow_decline: offer to answer "unanswerable".
    """

    name: str = "compressed_context"
    tokens: int = 1000
    compressor: Compressor = field(default_factory=Extractive)
    max_tokens: int = 48
    allow_decline: bool = True
    card = Card(
        "LLMLingua, arXiv 2310.05736", "1", "tokens", "a budget of tokens is fixed and the text is wordy"
    )

    async def answer(self, question: Question, tools: Toolbox) -> Answer:
        """One call; with several documents each gets its share of the tokens."""
        documents = tools.documents(question)
        share = max(1, self.tokens // len(documents))
        short: list[Any] = [await self.compressor.compress(d, question, share, tools) for d in documents]
        text = "".join(f"Text, shortened:\n{s}\n\n" for s in short)
        ending = question_block(question, SHORT, DECLINE if self.allow_decline else "")
        completion = await tools.read(chat(text + ending), max_tokens=self.max_tokens)
        whole = sum(tools.count_tokens(chat(d.text, "")) for d in documents)
        kept = sum(tools.count_tokens(chat(s, "")) for s in short) / whole
        return Answer(completion.text, declined=declines(completion.text), notes={"kept": kept})
