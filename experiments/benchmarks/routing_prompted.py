"""Pre-Route's prompt on a sample of the shown half, and a small model distilled from it: a block of docs/routing.md.

The reader that decides is SmolLM2-135M; the readers that answer are LaRA's. Decisions are kept in ``runs/routing``.
"""

from __future__ import annotations

import asyncio
import json
import random
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from routing_compared import BLIND, COMPARED, LABEL, PUBLISHED, SELF_ROUTE, STACKED, UNREAD, WORDS
from routing_data import KEPT, LC, RAG, data, halves, sound, write_block
from routing_others import vectors
from routing_transfer import figures

from lcrag import ChunkedRetrieval, LongContext, TransformersReader
from lcrag.files import write_atomically
from lcrag.readers.base import Completion, Message, Request
from lcrag.replay import Replayed, cross_replay
from lcrag.replay.replayed import settle
from lcrag.routers import Decision, Examples, LearningRouter, LLMRouter, Query
from lcrag.schema import Document, Question
from lcrag.strategies.pieces.prompts import Reasoning
from lcrag.tables import markdown

BATCH = 16
SAMPLE: dict[Reasoning, int] = {
    "direct": 200,
    "think": 40,
}  # questions that are asked, the second among the first
THOUGHT = 160  # tokens of the six steps; the router's 400 would take SmolLM2 an hour


@dataclass(frozen=True)
class PromptTools:
    """What `LLMRouter` needs of a toolbox: the reader that decides, and what is said of the one that answers."""

    reader: TransformersReader
    document: Document
    slots: asyncio.Semaphore
    reader_name: str = "a large language model"
    context_window: int = 128_000

    def documents(self, question: Question) -> list[Document]:
        """LaRA's document."""
        return [self.document]

    async def read(self, messages: Sequence[Message], **settings: Any) -> Completion:
        """Ask without a cache."""
        settings.pop("role")
        async with self.slots:
            return await self.reader.generate(Request(tuple(messages), **settings))


def decisions(examples: Examples) -> dict[str, dict[str, str]]:
    """The prompt's decision on each question of the sample: ``{"direct": {question: strategy}, "think": ...}``."""
    kept = KEPT / "preroute.json"
    known: dict[str, dict[str, str]] = json.loads(kept.read_text("utf-8")) if kept.exists() else {}
    folder = data() / "LaRA" / "datasets"  # a copy may lack books that are in copyright
    texts = {
        q.id: (q.text, d)
        for q, d in zip(examples.queries, examples.documents, strict=True)
        if (folder / d).exists()
    }
    sample = random.Random(0).sample(sorted(texts), SAMPLE["direct"])
    for mode, count in SAMPLE.items():
        replies = known.setdefault(mode, {})
        missing = [q for q in sample[:count] if q not in replies]
        for start in range(0, len(missing), BATCH):
            asked = missing[start : start + BATCH]
            replies |= asyncio.run(ask(mode, {q: texts[q] for q in asked}, folder))
            write_atomically(kept, json.dumps(known, indent=1))  # what is interrupted goes on from here
    return known


async def ask(mode: Reasoning, texts: dict[str, tuple[str, str]], folder: Path) -> dict[str, str]:
    """Ask which way to take for each question, given with the name of its document."""
    model, slots = reader(), asyncio.Semaphore(BATCH)
    router = LLMRouter(reasoning=mode, max_tokens=THOUGHT)
    candidates = {RAG: ChunkedRetrieval(), LC: LongContext()}

    async def one(id: str, text: str, name: str) -> Decision:
        tools: Any = PromptTools(model, Document(name, (folder / name).read_text("utf-8")), slots)
        return await router.route(Question(id, text, (name,)), candidates, tools)

    replies = await asyncio.gather(*(one(q, *texts[q]) for q in texts))
    return {q: r.strategy if "named by" in r.reason else "none" for q, r in zip(texts, replies, strict=True)}


@lru_cache
def reader() -> TransformersReader:
    """The reader that decides."""
    return TransformersReader("smollm2", batch_size=BATCH)


@lru_cache
def teacher() -> dict[str, str]:
    """The decisions that are distilled."""
    return decisions(halves(sound())[1])["direct"]


@dataclass(frozen=True)
class Distilled(LearningRouter[dict[str, Any]]):
    """Logistic regression of the prompt's decision on the question's words or its embedding."""

    read: str = "words"
    name: str = "distilled"

    @property
    def needs_embedding(self) -> bool:
        """Where it reads the embedding."""
        return self.read == "embedding"

    def fit(self, examples: Examples) -> Distilled:
        """Learn from the questions of the sample that are among the examples, each once."""
        from sklearn.feature_extraction.text import TfidfVectorizer
        from sklearn.linear_model import LogisticRegression

        known = {q.id: q for q in examples.queries if teacher().get(q.id, "none") != "none"}
        queries, labels = list(known.values()), [teacher()[i] for i in known]
        words = TfidfVectorizer(ngram_range=(1, 2), sublinear_tf=True).fit([q.text for q in queries])
        state = {"words": words, "model": None, "always": labels[0] if labels else RAG}
        if len(set(labels)) > 1:
            state["model"] = LogisticRegression(C=10.0, max_iter=500).fit(
                self._columns(queries, words), labels
            )
        return self.with_state(state)

    def _columns(self, queries: Sequence[Query], words: Any) -> Any:
        return words.transform([q.text for q in queries]) if self.read == "words" else vectors(queries)

    def choose(self, queries: Sequence[Query], candidates: Sequence[str]) -> list[Decision]:
        """What the prompt would probably say."""
        state = self.fitted_state
        if state["model"] is None:
            return [Decision(state["always"])] * len(queries)
        return [Decision(str(s)) for s in state["model"].predict(self._columns(queries, state["words"]))]


def prompted(mode: str, examples: Examples) -> tuple[NDArray[np.int64], Replayed]:
    """The rows of the examples that the prompt was asked on, and what its decisions give; without one, retrieval."""
    known = decisions(examples)[mode]
    rows = np.array([i for i, q in enumerate(examples.queries) if q.id in known])
    chosen = [known[examples.queries[i].id] for i in rows]
    chosen = [RAG if c == "none" else c for c in chosen]
    return rows, settle(f"Pre-Route's prompt, {mode}", [Decision(c) for c in chosen], examples.take(rows))


def _row(name: str, part: Examples, decided: Replayed) -> dict[str, str]:
    long = f"{(decided.chosen == part.strategies.index(LC)).mean():.0%}"
    accuracy = f"{decided.scores.mean():.3f}"
    return {
        "router": name,
        "accuracy": accuracy,
        **figures(decided.scores, decided.costs, part),
        "long context": long,
    }


def table(choose: Examples, shown: Examples) -> str:
    """All routers on the sample's questions."""
    rows, direct = prompted("direct", shown)
    part = shown.take(rows)
    few, think = prompted("think", shown)
    cells = [
        _row(direct.name, part, direct),
        _row(f"{think.name} ({SAMPLE['think']} questions)", shown.take(few), think),
    ]
    for read in ("words", "embedding"):
        router = Distilled(read=read, name=f"distilled from the prompt, {read}")
        cells.append(_row(router.name, part, cross_replay(router, part)))
    for fixed in shown.strategies:
        cells.append(_row(f"always {fixed}", part, settle(fixed, [Decision(fixed)] * len(part), part)))
    named = (PUBLISHED, SELF_ROUTE, BLIND, UNREAD, WORDS, STACKED, LABEL)
    for router in (*named, *(r for r in COMPARED if r.name not in {n.name for n in named})):
        decided = cross_replay(router, shown, extra=choose)
        few_costs = replace(
            decided, chosen=decided.chosen[rows], scores=decided.scores[rows], costs=decided.costs[rows]
        )
        cells.append(_row(router.name, part, few_costs))
    return markdown(pd.DataFrame(cells))


def page() -> str:
    """The block `prompted`."""
    choose, shown = halves(sound())
    known = decisions(shown)
    counts = {
        mode: ", ".join(f"{s} {list(of.values()).count(s)}" for s in (RAG, LC, "none"))
        for mode, of in known.items()
    }
    parts = {"table": table(choose, shown), "direct": counts["direct"], "think": counts["think"],
             "count": str(SAMPLE["direct"]), "thought": str(THOUGHT)}  # fmt: skip
    return Path(__file__).with_suffix(".md").read_text("utf-8").format(**parts)


if __name__ == "__main__":
    write_block("prompted", page)
