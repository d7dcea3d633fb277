"""Clue memory: gists of the whole text suggest what to search for."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

from lcrag.components.settings import ADDED
from lcrag.memory.store import Item, Memory
from lcrag.memory.values import split_values
from lcrag.schema import Answer, Document, Question
from lcrag.strategies.base import Card, Scope, Strategy, Toolbox
from lcrag.strategies.pieces.passages import answer_from, merge
from lcrag.strategies.pieces.prompts import chat, list_items, question_block
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
    """Write clues from gists of the whole text and search with them (after MemoRAG, Qian et al., arXiv 2409.05591).

    The memory holds a gist of each large chunk. From the gists and the question the reader writes clues and surrogate
    questions. Each of them, and the question, is a query; all passages are read in document order. Clues of up to
    three words are dropped. ``notes``: ``clues``.

    Attributes:
        chunk_chars: characters of a chunk; 16,000 are about the published 4,096 tokens.
        gist_tokens: maximum tokens of a gist (512 as published).
        clue_tokens: maximum tokens of all clues.
        hits: passages per query (3 as published).
        max_passages: maximum passages that are read, in the order of the queries.
        retriever: replaces the experiment's retriever.
        scope: ``corpus`` searches all documents of the dataset in one index, not the question's own alone.
        max_tokens: maximum tokens of the answer.
        allow_decline: tell the reader that it may answer "unanswerable".

    Differs from the paper: the reader is prompted for gists and clues instead of a trained memory model.
    """

    name: str = "clue_memory"
    chunk_chars: int = 16_000
    gist_tokens: int = 192
    clue_tokens: int = 96
    hits: int = 3
    max_passages: int = 12
    retriever: Retriever | None = None
    max_tokens: int = 48
    allow_decline: bool = True
    scope: Scope = field(default="question", metadata=ADDED)
    card = Card(
        "MemoRAG, arXiv 2409.05591",
        "2",
        "gists + clues·hits·c",
        "the question does not name what to search for",
        "D",
        case=(
            "MuSiQue, Llama3-8B: 28.4, full text 23.5, retrieval 22.2, with a trained memory (README); "
            "with a prompted one: not measured"
        ),
    )

    async def answer(self, question: Question, tools: Toolbox) -> Answer:
        """One call for clues, a search for each, one call for the answer."""
        documents = tools.documents(question, self.scope)
        gists = [i.text for d in documents for i in (await self._memory(d, tools)).items]
        text = "What a longer text says, in short:\n" + "\n\n".join(gists) + "\n\n"
        reply = await tools.read(
            chat(text + question_block(question, CLUES)), max_tokens=self.clue_tokens, prefix_chars=len(text)
        )
        clues = [c for c in list_items(reply.text) if len(c.split()) > 3]
        rankings = [
            await tools.retrieve(q, question, self.hits, self.retriever, self.scope)
            for q in [question.text, *clues]
        ]
        passages = merge(*rankings, max_passages=self.max_passages)
        answer = await answer_from(passages, question, tools, "document", self.max_tokens, self.allow_decline)
        return replace(answer, notes={**answer.notes, "clues": len(clues)})

    async def _memory(self, document: Document, tools: Toolbox) -> Memory:
        name = f"clue:{self.chunk_chars}:{self.gist_tokens}:{document.id}"

        async def gist(part: Item, toolbox: Toolbox) -> Item:
            ask = chat(f"{part.text.strip()}\n\n{GIST}", "You take notes.")
            reply = await toolbox.read(ask, max_tokens=self.gist_tokens, role="build")
            return replace(part, text=reply.text, level=1)

        async def make(build: Toolbox) -> Memory:
            parts = split_values(document, "chunk", RecursiveChunker(self.chunk_chars, 0))
            return await remember(build.memory(name), parts, build, gist, embedded=False)

        if self.scope == "corpus":  # every question reads the gists of every document
            return await tools.build(name, [], make)
        return await tools.build(name, [document.id], make)
