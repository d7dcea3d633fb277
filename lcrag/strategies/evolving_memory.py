"""Evolving memory: facts that are added, updated and deleted as the text goes on."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from lcrag.memory.store import Item, Memory
from lcrag.memory.values import Granularity, split_values
from lcrag.metrics.declining import declines
from lcrag.schema import Answer, Document, Question
from lcrag.strategies.base import Card, Strategy, Toolbox
from lcrag.strategies.pieces.prompts import DECLINE, SHORT, chat, first_json, listed, question_block
from lcrag.strategies.pieces.remembering import best_first, embed, in_time, scores, shown
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
SEEN = -1  # level of an item that says that a part of the text was worked in


@dataclass(frozen=True)
class EvolvingMemory(Strategy):
    """mem0's memory (Chhikara et al. 2025, arXiv 2504.19413): extract facts, then add, update, delete or do nothing.

    Part by part, in order: the reader extracts facts; for each, the most similar facts are found and the reader says
    what happens to the memory. A question is answered from the facts that are most similar to it. A reply that is no
    operation, or names a fact that is not there, adds the fact. ``notes``: ``facts_kept``.

    Attributes:
        k: facts that are read.
        granularity: of the parts, as in ``MemoryReading``.
        chunk_chars: characters of a chunk.
        similar: facts that the reader sees beside a new one.
        fact_tokens: tokens of the extracted facts at most.
        max_tokens: tokens of the answer at most.
        allow_decline: offer to answer "unanswerable".
    """

    name: str = "evolving_memory"
    k: int = 10
    granularity: Granularity = "auto"
    chunk_chars: int = 3000
    similar: int = 5
    fact_tokens: int = 128
    max_tokens: int = 48
    allow_decline: bool = True
    card = Card(
        "mem0, arXiv 2504.19413",
        "1",
        "k·fact",
        "what holds now matters more than what was said",
        "D + a call a fact",
    )

    async def answer(self, question: Question, tools: Toolbox) -> Answer:
        """One search of the facts, one call."""
        facts: list[Item] = []
        scored: list[float] = []
        (query,) = await tools.embed([question.text])
        for document in tools.documents(question):
            memory = await self._memory(document, tools)
            found, mine = _facts(memory), scores(memory, query)
            facts += [item for _, item in found]
            scored += [mine[i] for i, _ in found]
        chosen = best_first(scored)[: self.k]
        told = shown(in_time([facts[i] for i in chosen]), "json") or "(nothing is remembered)"
        ending = question_block(question, SHORT, DECLINE if self.allow_decline else "")
        completion = await tools.read(
            chat(f"Facts from memory:\n{told}\n\n{ending}"), max_tokens=self.max_tokens
        )
        # a fact does not stand in the document as it is: it is no evidence whose place could be scored
        notes = {"facts_kept": len(facts), "facts_read": len(chosen)}
        return Answer(completion.text, declined=declines(completion.text), notes=notes)

    async def _memory(self, document: Document, tools: Toolbox) -> Memory:
        name = (
            f"evolving:{self.granularity}:{self.chunk_chars}:{self.similar}:{self.fact_tokens}:{document.id}"
        )

        async def make(build: Toolbox) -> Memory:
            memory = build.memory(name)
            build.book("build", memory.spent)
            seen = {item.source for item in memory.items if item.level == SEEN}
            for part in split_values(document, self.granularity, RecursiveChunker(self.chunk_chars, 0)):
                if part.source not in seen:
                    await self._work_in(part, memory, build)
            return memory

        return await tools.build(name, [document.id], make)

    async def _work_in(self, part: Item, memory: Memory, tools: Toolbox) -> None:
        """One part: all its changes are made at once, so that a crash leaves none of them or all."""

        async def changes(own: Toolbox) -> dict[str, Any]:
            ask = chat(f"{part.text.strip()}\n\n{EXTRACT}", "You keep a memory.")
            reply = await own.read(ask, max_tokens=self.fact_tokens, role="build")
            add: list[Item] = []
            update: dict[int, str] = {}
            remove: list[int] = []
            for number, fact in enumerate(listed(reply.text, marked_only=True)):
                new = Item(
                    fact, f"{part.source}:{number}", "", part.document_id, part.start, part.end, part.date, 1
                )
                near = await self._near(fact, memory, {*update, *remove}, own)
                op, id, text = await _decide(fact, near, own)
                if op == "UPDATE":
                    update[id] = text
                elif op in {"DELETE", "ADD"}:
                    add.append(new)
                    remove += [id] if op == "DELETE" else []
            mark = Item(
                "", part.source, document_id=part.document_id, start=part.start, end=part.end, level=SEEN
            )
            return {"add": [*add, mark], "update": update, "remove": remove}

        made, usage = await tools.metered(changes)
        memory.change(**made, usage=usage)
        await embed(memory, tools)

    async def _near(self, fact: str, memory: Memory, taken: set[int], tools: Toolbox) -> list[Item]:
        """The remembered facts that are most similar; those that the same part has changed are not offered again."""
        found = [(i, item) for i, item in _facts(memory) if item.id not in taken]
        if not found:
            return []
        (vector,) = await tools.embed([fact], "build")
        mine = scores(memory, vector)
        order = best_first([mine[i] for i, _ in found])[: self.similar]
        return [found[i][1] for i in order]


def _facts(memory: Memory) -> list[tuple[int, Item]]:
    """The facts with their places among all items."""
    return [(i, item) for i, item in enumerate(memory.items) if item.level != SEEN]


async def _decide(fact: str, near: Sequence[Item], tools: Toolbox) -> tuple[str, int, str]:
    """What happens to the memory: the operation, the id it acts on, the new text."""
    if not near:
        return "ADD", 0, fact
    known = "\n".join(f"{number}. {item.text}" for number, item in enumerate(near, start=1))
    ask = chat(f"Facts:\n{known}\n\nNew fact: {fact}\n{DECIDE}", "You keep a memory.")
    said = first_json((await tools.read(ask, max_tokens=64, role="build")).text)
    said = said if isinstance(said, dict) else {}
    op = str(said.get("op", "ADD")).upper()
    place = said.get("id")
    if op == "NONE":
        return op, 0, ""
    if op in {"UPDATE", "DELETE"} and isinstance(place, int) and 1 <= place <= len(near):
        return op, near[place - 1].id, str(said.get("text") or fact)
    return "ADD", 0, fact
