"""LongRAG: few and long retrieval units, read in two turns."""

from __future__ import annotations

from dataclasses import dataclass, replace

from lcrag.metrics.declining import declines
from lcrag.schema import Answer, Passage, Question
from lcrag.strategies.base import Card, Strategy, Toolbox
from lcrag.strategies.pieces.prompts import DECLINE, SHORT, chat, passages_block, question_block
from retrievers.base import Retriever
from retrievers.chunkers import RecursiveChunker


@dataclass(frozen=True)
class LongRAG(Strategy):
    """Retrieve units of about 4k tokens; answer at length, then cut the answer short.

    Jiang et al. 2024, arXiv 2406.15319. A unit scores as its best chunk does, which is how the paper approximates it
    (section 3.2). Units are cut from the document itself; the paper groups linked Wikipedia pages.

    Attributes:
        k: units that are read; the paper takes 4 to 8, about 30k tokens.
        unit_chars: characters of a unit at most; 16,000 are about 4k tokens.
        chunks: how many chunks are searched for their units.
        retriever: searches the chunks; takes the place of the experiment's.
        long_tokens: tokens of the first, long answer at most.
        max_tokens: tokens of the short answer at most.
        allow_decline: offer to answer "unanswerable".
    """

    name: str = "long_rag"
    k: int = 2
    unit_chars: int = 16_000
    chunks: int = 50
    retriever: Retriever | None = None
    long_tokens: int = 128
    max_tokens: int = 48
    allow_decline: bool = True
    card = Card(
        "LongRAG, arXiv 2406.15319",
        "2",
        "k·4096",
        "many or very long documents and a reader with a long window",
    )

    async def answer(self, question: Question, tools: Toolbox) -> Answer:
        """One retrieval, two calls; the second sees the long answer only."""
        hits = await tools.retrieve(question.text, question, self.chunks, self.retriever)
        units = self._units(hits, question, tools)[: self.k]
        decline = DECLINE if self.allow_decline else ""
        asked = question_block(question, "Answer in full sentences, with the reasons.", decline)
        long = await tools.read(chat(passages_block(units) + asked), max_tokens=self.long_tokens)
        short = question_block(question, "Take the answer from this longer answer. " + SHORT, decline)
        completion = await tools.read(
            chat(f"A longer answer:\n{long.text}\n\n{short}"), max_tokens=self.max_tokens
        )
        return Answer(completion.text, tuple(units), declined=declines(completion.text))

    def _units(self, hits: list[Passage], question: Question, tools: Toolbox) -> list[Passage]:
        """Units by their best chunk."""
        chunker = RecursiveChunker(self.unit_chars, 0)
        units = [
            Passage(d.text[s:e], d.id, s, e)
            for d in tools.documents(question)
            for s, e in chunker.split(d.text)
        ]
        found: dict[int, Passage] = {}
        for hit in hits:
            middle = (hit.start + hit.end) // 2
            for i, unit in enumerate(units):
                if unit.document_id == hit.document_id and unit.start <= middle < unit.end:
                    found.setdefault(i, replace(unit, score=hit.score))
        return list(found.values())
