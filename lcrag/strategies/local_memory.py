"""Local window plus memory: a part of the text as it stands, and what is remembered of the rest."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from lcrag.errors import LcragError
from lcrag.memory.store import Item, Memory
from lcrag.memory.values import split_values
from lcrag.metrics.declining import declines
from lcrag.schema import Answer, Document, Question
from lcrag.strategies.base import Card, Strategy, Toolbox
from lcrag.strategies.pieces.prompts import DECLINE, SHORT, chat, passages_block, question_block
from lcrag.strategies.pieces.remembering import best_first, passage, remember, scores
from lcrag.strategies.pieces.truncation import piece
from retrievers.chunkers import RecursiveChunker
from retrievers.chunkers.sentence import sentences


@dataclass(frozen=True)
class LocalMemory(Strategy):
    """The three roles of LongMem (Wang et al. 2023, arXiv 2306.07174) in a prompt: memorise, retrieve, fuse.

    LongMem keeps keys and values of one attention layer and fuses by a learned gate in each head; here a share of the
    token budget takes the gate's place. The text is remembered in chunks; a chunk scores as its best sentence does
    (fine to coarse, as LongMem's tokens and chunks); the prompt holds the local window and the best chunks outside it,
    in document order. ``notes``: ``local_tokens``, ``remembered``.

    Attributes:
        budget: tokens of local window and memory together.
        share: of the budget for the memory, 0 to 1.
        window: where the local window lies; ``end`` is the recent part of a text that grows.
        chunk_chars: characters of a chunk.
        max_tokens: tokens of the answer at most.
        allow_decline: offer to answer "unanswerable".
    """

    name: str = "local_memory"
    budget: int = 2000
    share: float = 0.5
    window: Literal["start", "end"] = "end"
    chunk_chars: int = 1000
    max_tokens: int = 48
    allow_decline: bool = True
    card = Card(
        "after LongMem, arXiv 2306.07174",
        "1",
        "budget",
        "what is recent matters, and sometimes what is old",
        "embeddings",
    )

    def __post_init__(self) -> None:
        if not 0 <= self.share <= 1 or self.budget <= 0:
            raise ValueError(
                f"share is {self.share} and budget {self.budget}: 0 to 1 and above 0 are possible."
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
        chosen: list[tuple[float, Item]] = []
        for score, chunk in chunks:
            tokens = tools.count_tokens(chat(chunk.text, ""))
            if chunk.end <= start or chunk.start >= end:
                if spent + tokens > self.budget:
                    break
                chosen.append((score, chunk))
                spent += tokens
        chosen.sort(key=lambda pair: pair[1].start)
        found = [passage(chunk, score) for score, chunk in chosen]
        remembered = f"Remembered from elsewhere in the text:\n\n{passages_block(found)}" if found else ""
        shown = f"Text:\n{window}\n\n" if window else ""
        ending = question_block(question, SHORT, DECLINE if self.allow_decline else "")
        completion = await tools.read(chat(remembered + shown + ending), max_tokens=self.max_tokens)
        local = [passage(Item(document.text[start:end], "", document_id=document.id, start=start, end=end))]
        return Answer(
            completion.text,
            (*found, *(local if window else [])),
            declined=declines(completion.text),
            notes={"local_tokens": tools.count_tokens(chat(window, "")), "remembered": len(found)},
        )

    def _local(self, text: str, tools: Toolbox) -> tuple[int, int]:
        """Start and end of the local window."""
        room = round(self.budget * (1 - self.share))
        if not room:
            return 0, 0
        local = piece(text, room, tools, self.window)
        return (0, len(local)) if self.window == "start" else (len(text) - len(local), len(text))

    async def _memory(self, document: Document, tools: Toolbox) -> Memory:
        """A chunk once for each of its sentences; the sentence is what is searched."""
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
