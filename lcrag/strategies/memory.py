"""Memory-augmented reading: the text as a memory of values that are found by their keys."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Literal

from lcrag.memory.dates import Period, demote_outside, period_of
from lcrag.memory.store import Item, Memory
from lcrag.memory.values import Granularity, split_values
from lcrag.metrics.declining import declines
from lcrag.schema import Answer, Document, Question
from lcrag.strategies.base import Card, Strategy, Toolbox
from lcrag.strategies.pieces.periods import ask_period
from lcrag.strategies.pieces.prompts import DECLINE, SHORT, after_answer, chat, listed, question_block
from lcrag.strategies.pieces.remembering import best_first, in_time, keep, passage, remember, scores, shown
from retrievers.chunkers import RecursiveChunker

FACTS = (
    "List the facts in this part of a text as short sentences of their own, with names instead of "
    'pronouns, each on a line that begins with "- ". If there are none, write "none".'
)
NOTES = (
    "First write down, after the word Notes, what in these items bears on the question. "
    "Then write the word Answer and a colon, and the answer in a few words."
)
ONE_NOTE = 'Write down what in this item bears on the question, in a sentence or two. If nothing does, write "empty".'


@dataclass(frozen=True)
class MemoryReading(Strategy):
    """Index, retrieve, read: LongMemEval's framework and its four control points (Wu et al. 2025, arXiv 2410.10813).

    The document is split into values; each has a key, which is embedded; the question finds the best
    keys, their values are put in order of time and read. Values, keys and vectors are kept on disk; a document
    that has grown costs only its new values.

    Attributes:
        k: values that are read.
        granularity: the value (section 5.1): a ``chunk`` of text, a ``round`` of a conversation (a user turn and
            what follows it), a ``session`` (all rounds under one dated heading). ``auto`` takes rounds where the
            text has speakers, else chunks.
        chunk_chars: characters of a chunk.
        keys: the key (section 5.2): ``value`` (K = V), ``fact``, or ``value+fact``: the value together with facts
            that the reader extracts from it, one call a value, booked under ``build``. A value is its own key as a
            whole; the paper's code takes the user's side of it.
        time: the query (section 5.3): values outside the period that the question names move to the end of the
            ranking, none is dropped. The period is found by ``rule`` (explicit dates), by the ``reader``, or not
            looked for (``off``).
        reading: section 5.4: ``note`` writes notes before the answer in the same call (Chain-of-Note),
            ``note_each`` writes them in a call for each value and answers from the notes, ``direct`` does neither.
        form: how values stand in the prompt.
        note_tokens: tokens of a note at most, with ``note_each`` (500 as published).
        max_tokens: tokens of notes and answer at most.
        allow_decline: offer to answer "unanswerable".
    """

    name: str = "memory"
    k: int = 5
    granularity: Granularity = "auto"
    chunk_chars: int = 1000
    keys: Literal["value", "fact", "value+fact"] = "value"
    time: Literal["rule", "reader", "off"] = "rule"
    reading: Literal["direct", "note", "note_each"] = "note"
    form: Literal["json", "text"] = "json"
    note_tokens: int = 96
    max_tokens: int = 96
    allow_decline: bool = True
    card = Card(
        "LongMemEval, arXiv 2410.10813", "1; note_each: k + 1", "k·c", "long conversations, questions about when",
        "embeddings; with facts D", core=True,
    )  # fmt: skip

    async def answer(self, question: Question, tools: Toolbox) -> Answer:
        """One search of the memory and, as the control points say, one or several calls."""
        items: list[Item] = []
        scored: list[float] = []
        (query,) = await tools.embed([question.text])
        for document in tools.documents(question):
            memory = await self._memory(document, tools)
            items += memory.items
            scored += scores(memory, query)
        ranked = best_first(scored)
        period = await self._period(question, tools)
        if period:
            ranked = demote_outside(ranked, [i.date for i in items], period)
        chosen = ranked[: self.k]
        told = in_time([items[i] for i in chosen])
        if self.reading == "note_each":
            told = await self._noted(told, question, tools)
        completion = await tools.read(chat(self._prompt(question, told)), max_tokens=self.max_tokens)
        text = after_answer(completion.text) if self.reading == "note" else completion.text
        evidence = tuple(passage(items[i], scored[i]) for i in chosen)
        return Answer(text, evidence, declined=declines(text), notes={"values": len(told)})

    def _prompt(self, question: Question, items: Sequence[Item]) -> str:
        memory = shown(items, self.form) or "(nothing was found)"
        asked = question.metadata.get("date")
        today = f"Today is {asked}.\n" if asked else ""
        how = NOTES if self.reading == "note" else SHORT
        decline = DECLINE if self.allow_decline else ""
        return f"Memory items, in order:\n{memory}\n\n{today}{question_block(question, how, decline)}"

    async def _period(self, question: Question, tools: Toolbox) -> Period | None:
        if self.time == "off":
            return None
        return period_of(question.text) if self.time == "rule" else await ask_period(question, tools)

    async def _noted(self, items: Sequence[Item], question: Question, tools: Toolbox) -> list[Item]:
        """A note in the place of each value; values with nothing to note are left out."""

        async def note(item: Item) -> str:
            content = f"Memory item:\n{shown([item], self.form)}\n\n{question_block(question, ONE_NOTE)}"
            return (await tools.read(chat(content), max_tokens=self.note_tokens)).text

        notes = await asyncio.gather(*(note(item) for item in items))
        return [
            replace(item, text=text)
            for item, text in zip(items, notes, strict=True)
            if text.strip().lower().strip('".') not in {"", "empty"}
        ]

    async def _memory(self, document: Document, tools: Toolbox) -> Memory:
        """The document's values with the vectors of their keys."""
        name = f"values:{self.keys}:{self.granularity}:{self.chunk_chars}:{document.id}"

        async def make(build: Toolbox) -> Memory:
            parts = split_values(document, self.granularity, RecursiveChunker(self.chunk_chars, 0))
            make_item = keep if self.keys == "value" else self._facts
            return await remember(build.memory(name), parts, build, make_item)

        return await tools.build(name, [document.id], make)

    async def _facts(self, value: Item, tools: Toolbox) -> Item:
        """The value with its facts as key; itself where the reader finds none."""
        reply = await tools.read(chat(f"{value.text}\n\n{FACTS}"), max_tokens=96, role="build")
        facts = "\n".join(listed(reply.text, marked_only=True))
        key = f"{facts}\n{value.text}" if self.keys == "value+fact" else facts
        return replace(value, key=key if facts else value.text)
