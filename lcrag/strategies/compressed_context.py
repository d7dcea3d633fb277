"""Compressed context: the whole text is shortened, then read."""

from __future__ import annotations

from dataclasses import dataclass, field

from lcrag.metrics.declining import declines
from lcrag.schema import Answer, Question
from lcrag.strategies.base import Card, Strategy, Toolbox
from lcrag.strategies.compressors import Compressor, SentenceSelection
from lcrag.strategies.pieces.prompts import answer_block, answer_tokens, chat


@dataclass(frozen=True)
class CompressedContext(Strategy):
    """Shorten the document to a fixed number of tokens, then read it.

    By default sentences are selected; LLMLingua-2 (Pan et al. 2024, arXiv 2403.12968) removes tokens. ``notes``:
    ``kept``, the share of the document's tokens that remain.

    Attributes:
        tokens: approximate tokens of the shortened document.
        compressor: ``sentence_selection`` (the sentences most similar to the question) or ``llmlingua``.
        max_tokens: maximum tokens of the answer.
        allow_decline: tell the reader that it may answer "unanswerable".

    Differs from the paper: the default, ``sentence_selection``, is not LLMLingua and has no paper.
    """

    name: str = "compressed_context"
    tokens: int = 1000
    compressor: Compressor = field(default_factory=SentenceSelection)
    max_tokens: int = 48
    allow_decline: bool = True
    card = Card(
        "with `llmlingua`: LLMLingua-2, arXiv 2403.12968",
        "1",
        "tokens",
        "the number of tokens is fixed and the text is wordy",
        case=(
            "`llmlingua`: answers 1.6 to 2.9 times faster at 2 to 5 times fewer tokens (abstract); "
            "`sentence_selection`: not measured"
        ),
    )

    async def answer(self, question: Question, tools: Toolbox) -> Answer:
        """One call; several documents share the tokens equally."""
        documents = tools.documents(question)
        share = max(1, self.tokens // len(documents))
        texts: list[str] = [await self.compressor.compress(d, question, share, tools) for d in documents]
        text = "".join(f"Text, shortened:\n{s}\n\n" for s in texts)
        ending = answer_block(question, self.allow_decline)
        completion = await tools.read(
            chat(text + ending), max_tokens=answer_tokens(question, self.max_tokens)
        )
        whole = sum(tools.count_tokens(chat(d.text, "")) for d in documents)
        kept = sum(tools.count_tokens(chat(s, "")) for s in texts) / whole
        return Answer(completion.text, declined=declines(completion.text), notes={"kept": kept})
