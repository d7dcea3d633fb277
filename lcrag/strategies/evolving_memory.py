"""Evolving memory: facts are added, updated and deleted as the text is read."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from lcrag.memory.store import Item, Memory
from lcrag.memory.values import Granularity, split_values
from lcrag.metrics.declining import declines
from lcrag.schema import Answer, Document, Question
from lcrag.strategies.base import Card, Strategy, Toolbox
from lcrag.strategies.pieces.prompts import DECLINE, SHORT, chat, first_json, list_items, question_block
from lcrag.strategies.pieces.remembering import best_first, by_date, embed, items_block, scores
from retrievers.chunkers import RecursiveChunker

EXTRACT = (
    "List what is worth remembering from this part as short sentences of their own, with names instead of pronouns, "
    'each on a line that begins with "- ". If there is nothing, write "none".'
)
DECIDE = (
    "A memory holds the facts above. What should happen now that the new fact is known? Write one JSON object: "
    '{"op": "ADD"} if it is new, {"op": "UPDATE", "id": 1, "text": "..."} if it changes or completes a fact, '
    '{"op": "DELETE", "id": 1} if it makes one wrong, {"op": "NONE"} if it is known.'
)
PROCESSED = -1  # level of an item that marks a part of the text as processed


@dataclass(frozen=True)
class EvolvingMemory(Strategy):
    """Keep a memory of facts that the reader adds, updates or deletes (mem0, Chhikara et al., arXiv 2504.19413).

    The reader extracts facts from part after part. For each new fact it sees the most similar facts of the memory and
    chooses an operation. A question is answered from the facts most similar to it. A reply that is not an operation,
    or names a fact that does not exist, adds the fact. ``notes``: ``facts_kept``, the facts in the memory, and
    ``facts_read``.

    Attributes:
        k: facts that are read.
        granularity: how the document is split into parts, as in ``MemoryReading``.
        chunk_chars: maximum characters of a chunk.
        similar_facts: stored facts that the reader sees beside a new one.
        fact_tokens: maximum tokens of the facts extracted from a part.
        max_tokens: maximum tokens of the answer.
        allow_decline: tell the reader that it may answer "unanswerable".
    """

    name: str = "evolving_memory"
    k: int = 10
    granularity: Granularity = "auto"
    chunk_chars: int = 3000
    similar_facts: int = 5
    fact_tokens: int = 128
    max_tokens: int = 48
    allow_decline: bool = True
    card = Card(
        "mem0, arXiv 2504.19413",
        "1",
        "k·fact",
        "facts change and their latest state matters",
        "D + one call per fact",
    )

    async def answer(self, question: Question, tools: Toolbox) -> Answer:
        """One search of the facts, one call."""
        facts: list[Item] = []
        scored: list[float] = []
        (query,) = await tools.embed([question.text])
        for document in tools.documents(question):
            memory = await self._memory(document, tools)
            stored, similarities = _facts(memory), scores(memory, query)
            facts += [item for _, item in stored]
            scored += [similarities[i] for i, _ in stored]
        selected = best_first(scored)[: self.k]
        block = items_block(by_date([facts[i] for i in selected]), "json") or "(nothing is remembered)"
        ending = question_block(question, SHORT, DECLINE if self.allow_decline else "")
        completion = await tools.read(
            chat(f"Facts from memory:\n{block}\n\n{ending}"), max_tokens=self.max_tokens
        )
        # a fact is not a passage of the document, so it has no place that could be scored as evidence
        notes = {"facts_kept": len(facts), "facts_read": len(selected)}
        return Answer(completion.text, declined=declines(completion.text), notes=notes)

    async def _memory(self, document: Document, tools: Toolbox) -> Memory:
        name = f"evolving:{self.granularity}:{self.chunk_chars}:{self.similar_facts}:{self.fact_tokens}:{document.id}"

        async def make(build: Toolbox) -> Memory:
            memory = build.memory(name)
            build.book(memory.spent)
            processed = {item.source for item in memory.items if item.level == PROCESSED}
            for part in split_values(document, self.granularity, RecursiveChunker(self.chunk_chars, 0)):
                if part.source not in processed:
                    await self._process(part, memory, build)
            return memory

        return await tools.build(name, [document.id], make)

    async def _process(self, part: Item, memory: Memory, tools: Toolbox) -> None:
        """Update the memory with one part in one transaction, so that a crash leaves all of its changes or none."""

        async def changes(inner: Toolbox) -> dict[str, Any]:
            ask = chat(f"{part.text.strip()}\n\n{EXTRACT}", "You keep a memory.")
            reply = await inner.read(ask, max_tokens=self.fact_tokens, role="build")
            add: list[Item] = []
            update: dict[int, str] = {}
            remove: list[int] = []
            for number, fact in enumerate(list_items(reply.text, marked_only=True)):
                new = Item(
                    fact, f"{part.source}:{number}", "", part.document_id, part.start, part.end, part.date, 1
                )
                near = await self._near(fact, memory, {*update, *remove}, inner)
                op, id, text = await _decide(fact, near, inner)
                if op == "UPDATE":
                    update[id] = text
                elif op in {"DELETE", "ADD"}:
                    add.append(new)
                    remove += [id] if op == "DELETE" else []
            mark = Item(
                "", part.source, document_id=part.document_id, start=part.start, end=part.end, level=PROCESSED
            )
            return {"add": [*add, mark], "update": update, "remove": remove}

        operations, cost = await tools.metered(changes)
        memory.change(**operations, cost=cost)
        await embed(memory, tools)

    async def _near(self, fact: str, memory: Memory, changed: set[int], tools: Toolbox) -> list[Item]:
        """The most similar facts of the memory, without those that the same part has already changed."""
        candidates = [(i, item) for i, item in _facts(memory) if item.id not in changed]
        if not candidates:
            return []
        (vector,) = await tools.embed([fact], "build")
        similarities = scores(memory, vector)
        order = best_first([similarities[i] for i, _ in candidates])[: self.similar_facts]
        return [candidates[i][1] for i in order]


def _facts(memory: Memory) -> list[tuple[int, Item]]:
    """The facts with their positions among all items."""
    return [(i, item) for i, item in enumerate(memory.items) if item.level != PROCESSED]


async def _decide(fact: str, near: Sequence[Item], tools: Toolbox) -> tuple[str, int, str]:
    """The operation, the id of the fact that it changes, and the new text."""
    if not near:
        return "ADD", 0, fact
    numbered = "\n".join(f"{number}. {item.text}" for number, item in enumerate(near, start=1))
    ask = chat(f"Facts:\n{numbered}\n\nNew fact: {fact}\n{DECIDE}", "You keep a memory.")
    operation = first_json((await tools.read(ask, max_tokens=64, role="build")).text)
    operation = operation if isinstance(operation, dict) else {}
    op = str(operation.get("op", "ADD")).upper()
    number = operation.get("id")
    if op == "NONE":
        return op, 0, ""
    if op in {"UPDATE", "DELETE"} and isinstance(number, int) and 1 <= number <= len(near):
        return op, near[number - 1].id, str(operation.get("text") or fact)
    return "ADD", 0, fact
