"""Clue memory: gists of the whole text tell what to search for."""

from __future__ import annotations

from dataclasses import dataclass, replace

from lcrag.memory.store import Item, Memory
from lcrag.memory.values import split_values
from lcrag.schema import Answer, Document, Question
from lcrag.strategies.base import Card, Strategy, Toolbox
from lcrag.strategies.pieces.passages import answer_from, merged
from lcrag.strategies.pieces.prompts import chat, listed, question_block
from lcrag.strategies.pieces.remembering import remember
from retrievers.base import Retriever
from retrievers.chunkers import RecursiveChunker

GIST = "Write down what this part of a text says, in short: who, what, when, where and why."
CLUES = (
    "Do not answer yet. Write down clues that help to find the answer in the full text: phrases that may stand there, "
    'and smaller questions to look up, each on a line that begins with "- ".'
)


@dataclass(frozen=True)
class ClueMemory(Strategy):
    """MemoRAG-lite (Qian et al. 2024, arXiv 2409.05591): a reader that remembers the gist writes clues, which retrieve.

    Gists of large chunks are the memory; from them and the question the reader writes clues and surrogate questions;
    each is a query, together with the question; all that is found is read in document order. Clues of up to three
    words are left out. ``notes``: ``clues``.

    Attributes:
        chunk_chars: characters of the chunks that gists are made of; 16,000 are about the 4,096 tokens as published.
        gist_tokens: tokens of a gist at most (512 as published).
        clue_tokens: tokens of all clues at most.
        hits: passages for each clue (3 as published), and for the question.
        most: passages that are read at most, in the order of the queries.
        retriever: takes the place of the experiment's.
        max_tokens: tokens of the answer at most.
        allow_decline: offer to answer "unanswerable".
    """

    name: str = "clue_memory"
    chunk_chars: int = 16_000
    gist_tokens: int = 192
    clue_tokens: int = 96
    hits: int = 3
    most: int = 12
    retriever: Retriever | None = None
    max_tokens: int = 48
    allow_decline: bool = True
    card = Card(
        "MemoRAG, arXiv 2409.05591",
        "2",
        "gists + clues·hits·c",
        "the question does not say what to look for",
        "D",
    )

    async def answer(self, question: Question, tools: Toolbox) -> Answer:
        """One call for clues, a search for each, one call for the answer."""
        gists = [i.text for d in tools.documents(question) for i in (await self._memory(d, tools)).items]
        text = "What a longer text says, in short:\n" + "\n\n".join(gists) + "\n\n"
        reply = await tools.read(
            chat(text + question_block(question, CLUES)), max_tokens=self.clue_tokens, prefix_chars=len(text)
        )
        clues = [c for c in listed(reply.text) if len(c.split()) > 3]
        found = [
            await tools.retrieve(q, question, self.hits, self.retriever) for q in [question.text, *clues]
        ]
        passages = merged(*found, most=self.most)
        answer = await answer_from(passages, question, tools, "document", self.max_tokens, self.allow_decline)
        return replace(answer, notes={**answer.notes, "clues": len(clues)})

    async def _memory(self, document: Document, tools: Toolbox) -> Memory:
        name = f"clue:{self.chunk_chars}:{self.gist_tokens}:{document.id}"

        async def gist(part: Item, own: Toolbox) -> Item:
            ask = chat(f"{part.text.strip()}\n\n{GIST}", "You take notes.")
            reply = await own.read(ask, max_tokens=self.gist_tokens, role="build")
            return replace(part, text=reply.text, level=1)

        async def make(build: Toolbox) -> Memory:
            parts = split_values(document, "chunk", RecursiveChunker(self.chunk_chars, 0))
            return await remember(build.memory(name), parts, build, gist, embedded=False)

        return await tools.build(name, [document.id], make)
