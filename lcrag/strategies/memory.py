"""Memory-augmented reading: the text as a memory of values that are searched by their keys."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Literal

from lcrag.memory.dates import Period, demote_outside, first_date, period_of
from lcrag.memory.store import Item, Memory
from lcrag.memory.values import Granularity, split_values
from lcrag.metrics.declining import declines
from lcrag.schema import Answer, Document, Question
from lcrag.strategies.base import Card, Strategy, Toolbox
from lcrag.strategies.pieces.periods import ask_period
from lcrag.strategies.pieces.prompts import (
    SHORT,
    after_answer,
    answer_block,
    answer_tokens,
    chat,
    list_items,
    question_block,
)
from lcrag.strategies.pieces.remembering import (
    best_first,
    by_date,
    items_block,
    passage,
    remember,
    scores,
    unchanged,
)
from retrievers.chunkers import RecursiveChunker

FACTS = (
    "List the facts in this part of a text as short sentences of their own, with names instead of "
    'pronouns, each on a line that begins with "- ". If there are none, write "none".'
)
EVENTS = (
    'List the events in this part of a text whose day is known, each on a line like "- 2024-05-03: what happened". '
    'Reckon "yesterday" or "last week" from the date of the part. If there are none, write "none".'
)
NOTES = (
    "First write down, after the word Notes, what in these items bears on the question. "
    "Then write the word Answer and a colon, and the answer in a few words."
)
ONE_NOTE = 'Write down what in this item bears on the question, in a sentence or two. If nothing does, write "empty".'


EVENT_TOKENS = 128
Events = Mapping[tuple[str, str], Sequence[str]]  # lines "date: event" by document and source of the value


@dataclass(frozen=True)
class MemoryReading(Strategy):
    """Store the text as dated values, find them by their keys and read them by date (LongMemEval, arXiv 2410.10813).

    LongMemEval's index, retrieve and read, with its four control points (Wu et al. 2025). The document is split into
    values; each has a key, which is embedded. The values with the keys most similar to the question are sorted by
    date and read. Values, keys and vectors are stored on disk; a document that has grown costs only its new values.

    Attributes:
        k: values that are read.
        granularity: the value (section 5.1): a ``chunk`` of text, a ``round`` of a conversation (a user turn and
            the reply), a ``session`` (all rounds under one dated heading). ``auto`` means rounds if the text has
            speakers, else chunks.
        chunk_chars: maximum characters of a chunk.
        keys: the key (section 5.2): ``value`` (K = V), ``fact``, or ``value+fact``: the value together with facts
            that the reader extracts from it in one call per value, under the role ``build``. The whole value is
            the key; the paper's code uses only the user's turns.
        time: the query (section 5.3): values outside the period that the question names move to the end of the
            ranking; none is dropped. The period is found by a ``rule`` (explicit dates), by the ``reader``, or not
            at all (``off``). With ``reader`` it also lists the dated events of each value in one call per value, under
            the role ``build``: a value is within the period if one of its events is, and its events are read with it.
        reading: section 5.4: ``note`` writes notes before the answer in the same call (Chain-of-Note),
            ``note_each`` writes them in a call for each value and answers from the notes, ``direct`` does neither.
        form: how values are written in the prompt.
        note_tokens: maximum tokens of a note with ``note_each`` (500 as published).
        max_tokens: maximum tokens of notes and answer.
        allow_decline: tell the reader that it may answer "unanswerable".

    Differs from the paper: facts and events are lines, not JSON, and a key holds the replies, too.
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
        "LongMemEval, arXiv 2410.10813", "1; note_each: k + 1", "k·c",
        "the text is a long conversation or the question is about time", "embeddings; facts: D; time by the reader: D",
        core=True,
        case=(
            "LongMemEval-M, GPT-4o, 5 rounds: 0.657 with facts in the keys, 0.615 without; a history of "
            "115k tokens read whole (S): 0.606, its evidence alone 0.870"
        ),
    )  # fmt: skip

    async def answer(self, question: Question, tools: Toolbox) -> Answer:
        """One search of the memory; one or several calls, depending on the control points."""
        items: list[Item] = []
        scored: list[float] = []
        events: dict[tuple[str, str], list[str]] = {}
        (query,) = await tools.embed([question.text])
        for document in tools.documents(question):
            memory = await self._memory(document, tools)
            items += memory.items
            scored += scores(memory, query)
            if self.time == "reader":
                stored = (await self._events(document, tools)).items
                events |= {(i.document_id, i.source): i.text.splitlines() for i in stored}
        ranked = best_first(scored)
        period = await self._period(question, tools)
        if period:
            ranked = demote_outside(ranked, [_dates(i, events) for i in items], period)
        best = ranked[: self.k]
        selected = [_with_events(item, events) for item in by_date([items[i] for i in best])]
        if self.reading == "note_each":
            selected = await self._noted(selected, question, tools)
        completion = await tools.read(
            chat(self._prompt(question, selected)), max_tokens=answer_tokens(question, self.max_tokens)
        )
        text = after_answer(completion.text) if self.reading == "note" else completion.text
        evidence = tuple(passage(items[i], scored[i]) for i in best)
        return Answer(text, evidence, declined=declines(text), notes={"values": len(selected)})

    def _prompt(self, question: Question, items: Sequence[Item]) -> str:
        memory = items_block(items, self.form) or "(nothing was found)"
        date_asked = question.metadata.get("date")
        today = f"Today is {date_asked}.\n" if date_asked else ""
        instruction = NOTES if self.reading == "note" else SHORT
        ending = answer_block(question, self.allow_decline, form=instruction)
        return f"Memory items, in order:\n{memory}\n\n{today}{ending}"

    async def _period(self, question: Question, tools: Toolbox) -> Period | None:
        if self.time == "off":
            return None
        return period_of(question.text) if self.time == "rule" else await ask_period(question, tools)

    async def _noted(self, items: Sequence[Item], question: Question, tools: Toolbox) -> list[Item]:
        """The items with notes instead of their values; items without a note are left out."""

        async def note(item: Item) -> str:
            content = (
                f"Memory item:\n{items_block([item], self.form)}\n\n{question_block(question, ONE_NOTE)}"
            )
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
            make_item = unchanged if self.keys == "value" else self._facts
            return await remember(build.memory(name), parts, build, make_item)

        return await tools.build(name, [document.id], make)

    async def _events(self, document: Document, tools: Toolbox) -> Memory:
        """The dated events of each value: an item from the same source, with a line for each event."""

        async def dated(value: Item, toolbox: Toolbox) -> Item:
            date_line = f"Date: {value.date}\n" if value.date else ""
            ask = chat(f"{date_line}{value.text}\n\n{EVENTS}")
            reply = await toolbox.read(ask, max_tokens=EVENT_TOKENS, role="build")
            lines = (line.partition(":") for line in list_items(reply.text, marked_only=True))
            known = [(first_date(head), event.strip()) for head, _, event in lines]
            return replace(value, text="\n".join(f"{day}: {event}" for day, event in known if day and event))

        async def make(build: Toolbox) -> Memory:
            parts = split_values(document, self.granularity, RecursiveChunker(self.chunk_chars, 0))
            return await remember(build.memory(name), parts, build, dated, embedded=False)

        name = f"events:{self.granularity}:{self.chunk_chars}:{document.id}"
        return await tools.build(name, [document.id], make)

    async def _facts(self, value: Item, tools: Toolbox) -> Item:
        """The value with its facts as key; the value is its own key if the reader finds none."""
        reply = await tools.read(chat(f"{value.text}\n\n{FACTS}"), max_tokens=96, role="build")
        facts = "\n".join(list_items(reply.text, marked_only=True))
        key = f"{facts}\n{value.text}" if self.keys == "value+fact" else facts
        return replace(value, key=key if facts else value.text)


def _dates(item: Item, events: Events) -> list[str]:
    """The dates of a value: its own and those of its events."""
    lines = events.get((item.document_id, item.source), ())
    return [*([item.date] if item.date else []), *(line[:10] for line in lines)]


def _with_events(item: Item, events: Events) -> Item:
    """The value as it is read: its text, then its dated events."""
    lines = events.get((item.document_id, item.source), ())
    listed = "".join(f"\n- {line}" for line in lines)
    return replace(item, text=f"{item.text.rstrip()}\nDated events:{listed}") if lines else item
