"""Evolving memory: facts are added, updated and deleted as the text is read."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from lcrag.memory.store import Item, Memory
from lcrag.memory.values import Granularity, split_values
from lcrag.metrics.declining import declines
from lcrag.schema import Answer, Document, Question
from lcrag.strategies.base import Card, Strategy, Toolbox
from lcrag.strategies.pieces.prompts import answer_block, chat, first_json, list_items
from lcrag.strategies.pieces.remembering import best_first, by_date, embed, items_block, scores
from retrievers.chunkers import RecursiveChunker

EXTRACT = (
    "List what is worth remembering from the new part as short sentences of their own, with names instead of pronouns, "
    'each on a line that begins with "- ". If there is nothing, write "none".'
)
DECIDE = (
    "A memory holds the facts above. What should happen now that the new fact is known? Write one JSON object: "
    '{"op": "ADD"} if it is new, {"op": "UPDATE", "id": 1, "text": "..."} if it changes, completes or replaces a fact, '
    '{"op": "DELETE", "id": 1} if it says only that a fact no longer holds, {"op": "NONE"} if it is known.'
)
SUMMARISE = (
    "Write the summary anew, so that it covers the new parts as well: who, what, when and where, in short."
)
SYSTEM = "You keep a memory."
PROCESSED = (
    -1
)  # level of an item that marks a part as processed; its key is the summary of the text up to there


@dataclass(frozen=True)
class EvolvingMemory(Strategy):
    """Keep a memory of facts that the reader adds, updates or deletes (mem0, Chhikara et al., arXiv 2504.19413).

    The reader extracts facts from part after part; it sees a running summary of the text and the parts just before.
    For each new fact it sees the most similar facts of the memory and chooses an operation: add the fact, update a
    stored fact to a new text with the date of the new one, delete a stored fact, or do nothing. A question is answered
    from the facts most similar to it. A reply that is not an operation, or names a fact that does not exist, adds the
    fact. ``notes``: ``facts_kept``, the facts in the memory, and ``facts_read``.

    Attributes:
        k: facts that are read.
        granularity: how the document is split into parts, as in ``MemoryReading``.
        chunk_chars: maximum characters of a chunk.
        recent_parts: parts before a new one that the reader sees beside it (10 messages in the paper). The summary is
            written anew each time that so many parts were processed.
        summary_tokens: maximum tokens of the running summary; 0 for none.
        similar_facts: stored facts that the reader sees beside a new one (10 in the paper).
        fact_tokens: maximum tokens of the facts extracted from a part, and of an operation.
        max_tokens: maximum tokens of the answer.
        allow_decline: tell the reader that it may answer "unanswerable".

    Differs from the paper: parts are chunks or rounds, not pairs of messages; operations are JSON, not tool calls.
    """

    name: str = "evolving_memory"
    k: int = 10
    granularity: Granularity = "auto"
    chunk_chars: int = 3000
    recent_parts: int = 2
    summary_tokens: int = 128
    similar_facts: int = 5
    fact_tokens: int = 128
    max_tokens: int = 48
    allow_decline: bool = True
    card = Card(
        "mem0, arXiv 2504.19413",
        "1",
        "k·fact",
        "facts change and their latest state matters",
        "(2 + recent_parts)·D + one call per fact",
        case=(
            "LoCoMo: over 90% of the tokens and 91% of the p95 latency saved against the full conversation "
            "(abstract); more accurate than it: not measured"
        ),
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
        date_asked = question.metadata.get("date")
        today = f"Today is {date_asked}.\n" if date_asked else ""
        ending = today + answer_block(question, self.allow_decline)
        completion = await tools.read(
            chat(f"Facts from memory:\n{block}\n\n{ending}"), max_tokens=self.max_tokens
        )
        # a fact is not a passage of the document, so it has no place that could be scored as evidence
        notes = {"facts_kept": len(facts), "facts_read": len(selected)}
        return Answer(completion.text, declined=declines(completion.text), notes=notes)

    async def _memory(self, document: Document, tools: Toolbox) -> Memory:
        context = f"{self.recent_parts}:{self.summary_tokens}"
        name = (
            f"evolving:{self.granularity}:{self.chunk_chars}:{context}:{self.similar_facts}:{self.fact_tokens}:"
            f"{document.id}"
        )

        async def make(build: Toolbox) -> Memory:
            memory = build.memory(name)
            build.book(memory.spent)
            parts = split_values(document, self.granularity, RecursiveChunker(self.chunk_chars, 0))
            for i, part in enumerate(parts):
                marks = {item.source: item.key for item in memory.items if item.level == PROCESSED}
                if part.source not in marks:
                    summary = marks.get(parts[i - 1].source, "") if i else ""
                    await self._process(parts[: i + 1], summary, memory, build)
            return memory

        return await tools.build(name, [document.id], make)

    async def _process(self, parts: Sequence[Item], summary: str, memory: Memory, tools: Toolbox) -> None:
        """Update the memory with the last part in one transaction: a crash leaves all of its changes or none."""
        part = parts[-1]

        async def changes(inner: Toolbox) -> dict[str, Any]:
            ask = chat(self._extraction(parts, summary), SYSTEM)
            reply = await inner.read(ask, max_tokens=self.fact_tokens, role="build")
            add: list[Item] = []
            update: dict[int, Item] = {}
            remove: list[int] = []
            for number, fact in enumerate(list_items(reply.text, marked_only=True)):
                new = replace(part, text=fact, source=f"{part.source}:{number}", level=1)
                near = await self._near(fact, memory, {*update, *remove}, inner)
                op, old, text = await _decide(fact, near, self.fact_tokens, inner)
                if op == "UPDATE" and old:
                    update[old.id] = replace(new, text=text, date=new.date or old.date, id=old.id)
                elif op == "DELETE" and old:
                    remove.append(old.id)
                elif op == "ADD":
                    add.append(new)
            mark = replace(
                part, text="", key=await self._summary(parts, summary, inner), date=None, level=PROCESSED
            )
            return {"add": [*add, mark], "update": update.values(), "remove": remove}

        operations, cost = await tools.metered(changes)
        memory.change(**operations, cost=cost)
        await embed(memory, tools)

    def _extraction(self, parts: Sequence[Item], summary: str) -> str:
        """The prompt for the facts of the last part."""
        before, part = parts[:-1][-self.recent_parts :] if self.recent_parts else [], parts[-1]
        blocks = [f"Summary of the text so far:\n{summary}"] if summary else []
        if before:
            blocks.append(f"The parts before:\n{_joined(before)}")
        dated = f" of {part.date}" if part.date else ""
        return "\n\n".join([*blocks, f"The new part{dated}:\n{part.text.strip()}", EXTRACT])

    async def _summary(self, parts: Sequence[Item], summary: str, tools: Toolbox) -> str:
        """The summary after the last part: written anew if it is due, else as it was."""
        every = max(1, self.recent_parts)
        if not self.summary_tokens or len(parts) % every:
            return summary
        so_far = f"Summary of the text so far:\n{summary or '(none yet)'}"
        ask = chat(f"{so_far}\n\nThe new parts:\n{_joined(parts[-every:])}\n\n{SUMMARISE}", SYSTEM)
        return (await tools.read(ask, max_tokens=self.summary_tokens, role="build")).text or summary

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


def _joined(parts: Sequence[Item]) -> str:
    return "\n\n".join(part.text.strip() for part in parts)


async def _decide(
    fact: str, near: Sequence[Item], max_tokens: int, tools: Toolbox
) -> tuple[str, Item | None, str]:
    """The operation, the fact that it changes, and the new text."""
    if not near:
        return "ADD", None, fact
    numbered = "\n".join(f"{number}. {item.text}" for number, item in enumerate(near, start=1))
    ask = chat(f"Facts:\n{numbered}\n\nNew fact: {fact}\n{DECIDE}", SYSTEM)
    operation = first_json((await tools.read(ask, max_tokens=max_tokens, role="build")).text)
    operation = operation if isinstance(operation, dict) else {}
    op = str(operation.get("op", "ADD")).upper()
    number = operation.get("id")
    if op == "NONE":
        return op, None, ""
    if op in {"UPDATE", "DELETE"} and isinstance(number, int) and 1 <= number <= len(near):
        return op, near[number - 1], str(operation.get("text") or fact)
    return "ADD", None, fact
