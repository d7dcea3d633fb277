"""A tree of summaries, searched at all its levels at once."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, replace

from lcrag.local import run_local
from lcrag.memory.store import Item, Memory, digest
from lcrag.memory.values import split_values
from lcrag.metrics.declining import declines
from lcrag.readers.base import Message
from lcrag.schema import Answer, Document, Question
from lcrag.strategies.base import Card, Strategy, Toolbox
from lcrag.strategies.pieces.clusters import summary_clusters
from lcrag.strategies.pieces.prompts import answer_block, answer_tokens, chat, passages_block
from lcrag.strategies.pieces.remembering import best_first, embed, passage, scores
from retrievers.chunkers import RecursiveChunker

SUMMARISE = "Write a summary of these parts of a text, with as many details as possible."


@dataclass(frozen=True)
class SummaryTree(Strategy):
    """Summarise clusters of chunks level by level, then search all levels (RAPTOR, Sarthi et al., arXiv 2401.18059).

    The paper's collapsed tree. Chunks are clustered by meaning, softly: a chunk can be in several clusters. Each
    cluster is summarised and the summaries are clustered again, until one is left or ``max_levels`` are reached. A
    cluster that is too long for one summary is clustered again, so that every chunk is read. A question is compared
    with the nodes of all levels. An empty summary is replaced by the beginning of its text. ``notes``: ``nodes``
    (read), ``summaries`` (how many of these are summaries).

    Attributes:
        k: maximum nodes that are read (10 in the paper's code).
        context_tokens: maximum tokens of all these nodes (3,500 there).
        chunk_chars: maximum characters of a leaf; 400 are about the published 100 tokens.
        summary_tokens: maximum tokens of a summary (100 there).
        cluster_tokens: maximum tokens that are summarised at once (3,500 there); less if the window is smaller.
        max_levels: maximum levels of summaries (5 there).
        seed: seeds the clustering.
        max_tokens: maximum tokens of the answer.
        allow_decline: tell the reader that it may answer "unanswerable".

    Differs from the paper: spectral embedding and diagonal covariances instead of UMAP and full ones; a layer of few
    nodes becomes one cluster; a cluster that clustering does not divide is cut into neighbours.
    """

    name: str = "summary_tree"
    k: int = 10
    context_tokens: int = 3500
    chunk_chars: int = 400
    summary_tokens: int = 100
    cluster_tokens: int = 3500
    max_levels: int = 5
    seed: int = 0
    max_tokens: int = 48
    allow_decline: bool = True
    card = Card(
        "RAPTOR, arXiv 2401.18059",
        "1",
        "up to context_tokens",
        "questions are about themes as well as details",
        "about 1.5·D",
        case=(
            "EM 38.5 for RAPTOR, 20.1 to 21.6 for chunks (sample of arXiv 2501.01880); on its whole set "
            "49.0, long context 56.3"
        ),
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
        selected: list[int] = []
        spent = 0
        for i in best_first(scored)[: self.k]:
            spent += tools.count_tokens(chat(nodes[i].text, ""))
            if selected and spent > self.context_tokens:
                break
            selected.append(i)
        passages = [passage(nodes[i], scored[i]) for i in selected]
        ending = answer_block(question, self.allow_decline)
        completion = await tools.read(
            chat(passages_block(passages) + ending), max_tokens=answer_tokens(question, self.max_tokens)
        )
        leaves = tuple(p for p, i in zip(passages, selected, strict=True) if not nodes[i].level)
        notes = {"nodes": len(passages), "summaries": len(passages) - len(leaves)}
        return Answer(completion.text, leaves, declined=declines(completion.text), notes=notes)

    async def _memory(self, document: Document, tools: Toolbox) -> Memory:
        sizes = (
            f"{self.chunk_chars}:{self.summary_tokens}:{self.cluster_tokens}:{self.max_levels}:{self.seed}"
        )
        name = f"raptor:{sizes}:{document.id}"

        async def make(build: Toolbox) -> Memory:
            memory = build.memory(name)
            build.book(memory.spent)
            level = split_values(document, "chunk", RecursiveChunker(self.chunk_chars, 0))
            nodes = await self._add(memory, level, build)
            tree = [node.source for node in nodes]
            for height in range(1, self.max_levels + 1):
                if len(nodes) < 2:
                    break
                summaries = await self._summaries(memory, nodes, height, build)
                tree += [node.source for node in summaries]
                if len(summaries) >= len(nodes):
                    break
                nodes = summaries
            memory.change(remove=[item.id for item in memory.items if item.source not in set(tree)])
            return memory

        return await tools.build(name, [document.id], make)

    async def _add(self, memory: Memory, parts: list[Item], tools: Toolbox) -> list[Item]:
        """Store and embed the new parts; return all parts as stored items, in their order."""
        stored = {item.source for item in memory.items}
        memory.change(add=[part for part in parts if part.source not in stored])
        await embed(memory, tools)
        return _ordered(memory, [part.source for part in parts])

    async def _summaries(self, memory: Memory, below: list[Item], height: int, tools: Toolbox) -> list[Item]:
        """One node for each cluster of the level below; stored summaries are not made again."""
        import numpy as np

        def prompt(text: str) -> tuple[Message, ...]:
            return chat(f"{text}\n\n{SUMMARISE}", "You summarise texts.")

        empty = tools.count_tokens(chat("", ""))
        sizes = [tools.count_tokens(chat(f"{item.text.strip()}\n\n", "")) - empty for item in below]
        room = tools.context_window - self.summary_tokens - tools.count_tokens(prompt(""))
        vectors = dict(zip([i.id for i in memory.items], memory.vectors(), strict=True))
        clusters = await run_local(
            summary_clusters,
            np.stack([vectors[i.id] for i in below]),
            sizes,
            min(self.cluster_tokens, room),
            self.seed,
        )
        stored = {item.source for item in memory.items}

        async def summarise(rows: list[int]) -> str:
            text = "\n\n".join(below[i].text.strip() for i in rows)
            source = f"{height}:{digest(text)}"
            if source in stored:
                return source
            (reply, cost) = await tools.metered(
                lambda inner: inner.read(prompt(text), max_tokens=self.summary_tokens, role="build")
            )
            first = below[rows[0]]
            node = replace(
                first, text=reply.text or text[:400], source=source, key="", date=None, level=height, id=0
            )
            memory.change(add=[node], cost=cost)
            return source

        sources = await asyncio.gather(*(summarise(rows) for rows in clusters))
        await embed(memory, tools)
        return _ordered(memory, list(dict.fromkeys(sources)))


def _ordered(memory: Memory, sources: list[str]) -> list[Item]:
    """The items from these sources in this order, which does not depend on which was stored first."""
    items = {item.source: item for item in memory.items}
    return [items[source] for source in sources]
