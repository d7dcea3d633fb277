"""Local window plus memory: one end of the text in full, and retrieved chunks of the rest."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from lcrag.errors import LcragError
from lcrag.memory.store import Item, Memory
from lcrag.memory.values import split_values
from lcrag.metrics.declining import declines
from lcrag.schema import Answer, Document, Question
from lcrag.strategies.base import Card, Strategy, Toolbox
from lcrag.strategies.pieces.prompts import answer_block, answer_tokens, chat, passages_block
from lcrag.strategies.pieces.remembering import best_first, passage, remember, scores
from lcrag.strategies.pieces.truncation import excerpt
from retrievers.chunkers import RecursiveChunker
from retrievers.chunkers.sentence import sentences
from retrievers.order import ordered


@dataclass(frozen=True)
class LocalMemory(Strategy):
    """Read one end of the text together with the best chunks of the rest (after LongMem, arXiv 2306.07174).

    The text is stored in chunks; a chunk scores as its best sentence does, like LongMem's tokens and chunks (Wang et
    al. 2023). The prompt holds the best chunks outside the local window, in document order, then the window.
    ``notes``: ``local_tokens``, ``remembered`` (chunks).

    Attributes:
        context_tokens: maximum tokens of the local window and the chunks together.
        share: the share of these tokens for the chunks, 0 to 1.
        window: which end of the text is read in full; ``end`` is the recent part of a growing text.
        chunk_chars: maximum characters of a chunk.
        max_tokens: maximum tokens of the answer.
        allow_decline: tell the reader that it may answer "unanswerable".

    Differs from the paper: text in the prompt instead of one attention layer's keys and values, and a fixed share of
    the prompt's tokens instead of a learned gate.
    """

    name: str = "local_memory"
    context_tokens: int = 2000
    share: float = 0.5
    window: Literal["start", "end"] = "end"
    chunk_chars: int = 1000
    max_tokens: int = 48
    allow_decline: bool = True
    card = Card(
        "after LongMem, arXiv 2306.07174",
        "1",
        "context_tokens",
        "the recent part of the text matters, and sometimes an older part",
        "embeddings",
        case="not measured: LongMem's figures are those of a trained network",
    )

    def __post_init__(self) -> None:
        if not 0 <= self.share <= 1 or self.context_tokens <= 0:
            raise ValueError(
                f"share is {self.share} and context_tokens {self.context_tokens}: give a share from 0 to 1 "
                "and a number of tokens above 0."
            )

    async def answer(self, question: Question, tools: Toolbox) -> Answer:
        """One search of the memory, one call."""
        documents = tools.documents(question)
        if len(documents) != 1:
            raise LcragError(f"Question {question.id}: {self.name} reads one document, not {len(documents)}.")
        (document,) = documents
        start, end = self._local(document.text, tools)
        window = document.text[start:end].strip()
        (query,) = await tools.embed([question.text])
        memory = await self._memory(document, tools)
        chunks = _chunks(memory.items, scores(memory, query))
        spent = tools.count_tokens(chat(window, ""))
        selected: list[tuple[float, Item]] = []
        for score, chunk in chunks:
            tokens = tools.count_tokens(chat(chunk.text, ""))
            if chunk.end <= start or chunk.start >= end:
                if spent + tokens > self.context_tokens:
                    break
                selected.append((score, chunk))
                spent += tokens
        chunk_passages = [passage(chunk, score) for score, chunk in selected]
        remembered = (
            f"Remembered from elsewhere in the text:\n\n{passages_block(ordered(chunk_passages, 'document'))}"
            if chunk_passages
            else ""
        )
        window_block = f"Text:\n{window}\n\n" if window else ""
        ending = answer_block(question, self.allow_decline)
        completion = await tools.read(
            chat(remembered + window_block + ending), max_tokens=answer_tokens(question, self.max_tokens)
        )
        local = [passage(Item(document.text[start:end], "", document_id=document.id, start=start, end=end))]
        return Answer(
            completion.text,
            (*chunk_passages, *(local if window else [])),
            declined=declines(completion.text),
            notes={"local_tokens": tools.count_tokens(chat(window, "")), "remembered": len(chunk_passages)},
        )

    def _local(self, text: str, tools: Toolbox) -> tuple[int, int]:
        """Start and end of the local window."""
        tokens = round(self.context_tokens * (1 - self.share))
        if not tokens:
            return 0, 0
        local = excerpt(text, tokens, tools, self.window)
        return (0, len(local)) if self.window == "start" else (len(text) - len(local), len(text))

    async def _memory(self, document: Document, tools: Toolbox) -> Memory:
        """Each chunk once per sentence, with the sentence as key."""
        name = f"local:{self.chunk_chars}:{document.id}"

        async def make(build: Toolbox) -> Memory:
            parts = [
                Item(
                    chunk.text,
                    f"{chunk.source}:{s}",
                    key=chunk.text[s:e],
                    document_id=document.id,
                    start=chunk.start,
                    end=chunk.end,
                )
                for chunk in split_values(document, "chunk", RecursiveChunker(self.chunk_chars, 0))
                for s, e in sentences(chunk.text)
                if chunk.text[s:e].strip()
            ]
            return await remember(build.memory(name), parts, build)

        return await tools.build(name, [document.id], make)


def _chunks(items: list[Item], scored: list[float]) -> list[tuple[float, Item]]:
    """Each chunk with the score of its best sentence, best first."""
    best: dict[tuple[int, int], tuple[float, Item]] = {}
    for i in best_first(scored):
        best.setdefault((items[i].start, items[i].end), (scored[i], items[i]))
    return list(best.values())
