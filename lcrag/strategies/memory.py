"""Memory-augmented reading: the text as a memory of values that are found by their keys."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar, Literal

from lcrag.metrics.refusal import is_refusal
from lcrag.schema import Answer, Document, Question
from lcrag.strategies.base import Toolbox
from lcrag.strategies.dates import Period, demote_outside, period_of
from lcrag.strategies.prompts import DECLINE, SHORT, chat, question_block
from lcrag.strategies.values import Value, split_values
from retrievers.chunkers import RecursiveChunker

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Vectors = NDArray[np.float32]

FACTS = (
    "List the facts in this part of a text as short sentences of their own, with names instead of "
    'pronouns, each on a line that begins with "- ".'
)
NOTES = (
    "First write down, after the word Notes, what in these items bears on the question. "
    "Then write the word Answer and a colon, and the answer in a few words."
)
ANSWER = re.compile(r"answer\s*:\s*", re.IGNORECASE)


def after_answer(text: str) -> str:
    """What stands after the last ``Answer:``; the whole text where the mark is missing."""
    return ANSWER.split(text)[-1].strip() or text.strip()


@dataclass(frozen=True)
class MemoryReading:
    """Index, retrieve, read: LongMemEval's framework (Wu et al. 2025, arXiv 2410.10813, section 4).

    The document is split into values; each has a key, which is embedded; the question finds the best
    keys, their values are put in order of time and read.

    Attributes:
        k: values that are read.
        granularity: a value is a ``chunk`` of text or a ``round`` of a conversation (a user turn and
            what follows it). ``auto`` takes rounds where the text has speakers.
        chunk_chars: characters of a chunk.
        keys: ``value`` (K = V), or ``value+fact``: the value together with facts that the reader
            extracts from it, one call a value, booked under ``build``.
        time_aware: values outside the period that the question names move to the end of the ranking,
            none is dropped.
        reading: ``note`` writes notes before the answer in the same call (Chain-of-Note), ``direct`` does not.
        max_tokens: tokens of notes and answer at most.
        allow_decline: offer to answer "unanswerable".
    """

    name: str = "memory"
    k: int = 5
    granularity: Literal["auto", "chunk", "round"] = "auto"
    chunk_chars: int = 1000
    keys: Literal["value", "value+fact"] = "value"
    time_aware: bool = True
    reading: Literal["note", "direct"] = "note"
    max_tokens: int = 96
    allow_decline: bool = True
    document_first: ClassVar[bool] = False

    async def answer(self, question: Question, tools: Toolbox) -> Answer:
        """One retrieval over the memory and one call."""
        values: list[Value] = []
        scores: list[float] = []
        (query,) = await tools.embed([question.text])
        for document in tools.documents(question):
            mine, keys = await self._memory(document, tools)
            values += mine
            scores += (keys @ query).tolist()
        ranked = sorted(range(len(values)), key=lambda i: (-scores[i], i))
        period = period_of(question.text) if self.time_aware else None
        if period:
            ranked = demote_outside(ranked, [v.date for v in values], period)
        chosen = ranked[: self.k]
        told = sorted(chosen, key=lambda i: (values[i].date is None, values[i].date or "", i))
        completion = await tools.read(
            chat(self._prompt(question, [values[i] for i in told], period)), max_tokens=self.max_tokens
        )
        text = after_answer(completion.text) if self.reading == "note" else completion.text
        evidence = tuple(values[i].passage(scores[i]) for i in chosen)
        return Answer(text, evidence, declined=is_refusal(text))

    def _prompt(self, question: Question, values: Sequence[Value], period: Period | None) -> str:
        items = [{"date": v.date, "text": v.text} if v.date else {"text": v.text} for v in values]
        listed = "\n".join(json.dumps(item, ensure_ascii=False) for item in items)
        asked = question.metadata.get("date")
        today = f"Today is {asked}.\n" if asked else ""
        how = NOTES if self.reading == "note" else SHORT
        decline = DECLINE if self.allow_decline else ""
        return f"Memory items, in order:\n{listed}\n\n{today}{question_block(question, how, decline)}"

    async def _memory(self, document: Document, tools: Toolbox) -> tuple[list[Value], Vectors]:
        """The document's values and the unit vectors of their keys, shape (values, dimension)."""
        values = split_values(document, self.granularity, RecursiveChunker(self.chunk_chars, 0))
        keys = [v.text for v in values]
        made = f"{self.granularity}:{self.chunk_chars}"
        if self.keys == "value+fact":

            async def extract(build: Toolbox) -> list[str]:
                return [await _facts(value, build) for value in values]

            facts = await tools.build(f"facts:{made}", [document.id], extract, keep=True)
            keys = [f"{fact}\n{key}" if fact else key for key, fact in zip(keys, facts, strict=True)]

        async def embed(build: Toolbox) -> Vectors:
            return await build.embed(keys, "build")

        return values, await tools.build(f"keys:{self.keys}:{made}", [document.id], embed)


async def _facts(value: Value, tools: Toolbox) -> str:
    """Facts of one value, one a line; empty when the reader finds none."""
    completion = await tools.read(chat(f"{value.text}\n\n{FACTS}"), max_tokens=96, role="build")
    lines = [
        line.strip()[1:].strip() for line in completion.text.splitlines() if line.strip()[:1] in {"-", "*"}
    ]
    return "\n".join(line for line in lines if line)
