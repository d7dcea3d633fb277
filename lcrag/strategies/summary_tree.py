"""A tree of summaries, searched at all its levels at once."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, replace

from lcrag.memory.store import Item, Memory, digest
from lcrag.memory.values import split_values
from lcrag.metrics.declining import declines
from lcrag.schema import Answer, Document, Question, Usage
from lcrag.strategies.base import Card, Strategy, Toolbox
from lcrag.strategies.pieces.clusters import soft_clusters
from lcrag.strategies.pieces.prompts import DECLINE, SHORT, chat, passages_block, question_block
from lcrag.strategies.pieces.remembering import best_first, embed, passage, scores
from lcrag.strategies.pieces.truncation import piece
from retrievers.chunkers import RecursiveChunker

SUMMARISE = "Write a summary of these parts of a text, with as many details as possible."


@dataclass(frozen=True)
class SummaryTree(Strategy):
    """RAPTOR with a collapsed tree (Sarthi et al. 2024, arXiv 2401.18059).

    Chunks are clustered by meaning, each cluster summarised, the summaries clustered again, until one is left or
    ``levels`` are reached; a question is compared with the nodes of all levels. ``notes``: ``nodes``, ``summaries``
    (how many of the nodes that were read are summaries).

    Attributes:
        k: nodes that are read at most (10 in the paper's code).
        budget: tokens of those nodes at most (3,500 there).
        chunk_chars: characters of a leaf; 400 are about the 100 tokens as published.
        summary_tokens: tokens of a summary at most (100 there).
        cluster_tokens: tokens of what is summarised at once; the rest of a larger cluster is left out.
        levels: of summaries at most (5 there).
        max_tokens: tokens of the answer at most.
        allow_decline: offer to answer "unanswerable".
    """

    name: str = "summary_tree"
    k: int = 10
    budget: int = 3500
    chunk_chars: int = 400
    summary_tokens: int = 100
    cluster_tokens: int = 3500
    levels: int = 5
    max_tokens: int = 48
    allow_decline: bool = True
    card = Card(
        "RAPTOR, arXiv 2401.18059",
        "1",
        "up to budget",
        "questions about themes as well as details",
        "about 1.5·D",
    )

    async def answer(self, question: Question, tools: Toolbox) -> Answer:
        """One search of the tree, one call."""
        nodes: list[Item] = []
        scored: list[float] = []
        (query,) = await tools.embed([question.text])
        for document in tools.documents(question):
            memory = await self._memory(document, tools)
            nodes += memory.items
            scored += scores(memory, query)
        chosen: list[int] = []
        spent = 0
        for i in best_first(scored)[: self.k]:
            spent += tools.count_tokens(chat(nodes[i].text, ""))
            if chosen and spent > self.budget:
                break
            chosen.append(i)
        found = [passage(nodes[i], scored[i]) for i in chosen]
        ending = question_block(question, SHORT, DECLINE if self.allow_decline else "")
        completion = await tools.read(chat(passages_block(found) + ending), max_tokens=self.max_tokens)
        leaves = tuple(p for p, i in zip(found, chosen, strict=True) if not nodes[i].level)
        notes = {"nodes": len(found), "summaries": len(found) - len(leaves)}
        return Answer(completion.text, leaves, declined=declines(completion.text), notes=notes)

    async def _memory(self, document: Document, tools: Toolbox) -> Memory:
        name = (
            f"tree:{self.chunk_chars}:{self.summary_tokens}:{self.cluster_tokens}:{self.levels}:{document.id}"
        )

        async def make(build: Toolbox) -> Memory:
            memory = build.memory(name)
            build.book("build", memory.spent)
            level = split_values(document, "chunk", RecursiveChunker(self.chunk_chars, 0))
            kept = await self._add(memory, level, build)
            for height in range(1, self.levels + 1):
                if len(kept) < 2:
                    break
                made = await self._summaries(memory, kept, height, build)
                if len(made) >= len(kept):
                    break
                kept = made
            return memory

        return await tools.build(name, [document.id], make)

    async def _add(self, memory: Memory, parts: list[Item], tools: Toolbox) -> list[Item]:
        """Store what is not stored yet, embed it, and return it as stored."""
        known = {item.source for item in memory.items}
        memory.change(add=[part for part in parts if part.source not in known])
        await embed(memory, tools)
        sources = {part.source for part in parts}
        return [item for item in memory.items if item.source in sources]

    async def _summaries(self, memory: Memory, below: list[Item], height: int, tools: Toolbox) -> list[Item]:
        """One node for each cluster of the level below; a cluster that has been summarised is not asked again."""
        import numpy as np

        vectors = dict(zip([i.id for i in memory.items], memory.vectors(), strict=True))
        clusters = soft_clusters(np.stack([vectors[i.id] for i in below]))
        known = {item.source for item in memory.items}

        async def summarise(rows: list[int]) -> str:
            text = "\n\n".join(below[i].text.strip() for i in rows)
            source = f"{height}:{digest(text)}"
            if source in known:
                return source
            shown = piece(text, self.cluster_tokens, tools)
            (reply, usage) = await tools.metered(
                lambda own: own.read(
                    chat(f"{shown}\n\n{SUMMARISE}", "You summarise texts."),
                    max_tokens=self.summary_tokens,
                    role="build",
                )
            )
            first = below[rows[0]]
            node = replace(
                first, text=reply.text or shown[:400], source=source, key="", date=None, level=height, id=0
            )
            memory.change(add=[node], usage=usage if usage != Usage() else None)
            return source

        sources = set(await asyncio.gather(*(summarise(rows) for rows in clusters)))
        await embed(memory, tools)
        return [item for item in memory.items if item.source in sources]
