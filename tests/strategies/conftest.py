"""Every strategy that is found, some of them in several variants, and how the tests ask them."""

from __future__ import annotations

import asyncio
from dataclasses import replace

import pytest

from lcrag.components import find, names
from lcrag.routers import LaRARule, LLMRouter, Routed
from lcrag.runtime.resources import Resources
from lcrag.runtime.toolbox import MeteredToolbox
from lcrag.schema import Question, Span
from lcrag.strategies import (
    Cascade,
    ChunkedRetrieval,
    ClosedBook,
    GistMemory,
    IRCoT,
    LongContext,
    MemoryReading,
    QueryExpansion,
    RetrieveThenReason,
)
from lcrag.strategies.acceptors import SelfRating
from retrievers.bm25 import BM25Retriever
from retrievers.chunkers import RecursiveChunker

SETTINGS = {  # small enough for the tiny documents; a strategy that is not here has its defaults
    "cited_long_context": {"chunk_chars": 300},
    "compressed_context": {"tokens": 60},
    "chunked_retrieval": {"k": 2},
    "long_rag": {"k": 1, "unit_chars": 600, "chunks": 4},
    "query_expansion": {"k": 2, "queries": 2},
    "ircot": {"k": 1, "max_thoughts": 2},
    "corrective": {"k": 2},
    "drag": {"k": 2, "m": 2},
    "iter_drag": {"k": 1, "m": 2, "n": 2},
    "memory": {"k": 2, "chunk_chars": 200},
    "gist_memory": {"max_page_words": 80, "min_page_words": 30},
    "clue_memory": {"chunk_chars": 800, "hits": 1},
    "summary_tree": {"k": 3, "chunk_chars": 200},
    "evolving_memory": {"chunk_chars": 600},
    "local_memory": {"context_tokens": 120, "chunk_chars": 300},
    "map_reduce": {"part_chars": 600},
    "refine": {"part_chars": 600},
    "chain_of_agents": {"part_chars": 600},
    "agent_write": {"k": 1},
    "self_route": {"k": 1},
    "cascade": {"strategies": (ClosedBook(), LongContext()), "name": "book_then_document"},
    "ensemble": {"strategies": (ChunkedRetrieval(k=1), ChunkedRetrieval(k=2), LongContext())},
    "routed": {"router": LaRARule(), "strategies": (ChunkedRetrieval(k=1), LongContext())},
}
VARIANTS = [
    LongContext(name="both_ends", question_at="both", reasoning="think"),
    QueryExpansion(name="invented_passage", by="passages", k=2),
    ChunkedRetrieval(name="document_order", k=2, order="document", allow_decline=False),
    RetrieveThenReason(name="one_call", calls="one"),
    RetrieveThenReason(
        name="verified", verify="snap", reason_on="facts_and_text", matchers=("exact", "fuzzy", "semantic")
    ),
    IRCoT(name="ircot_demonstrations", k=1, max_thoughts=2, demonstrations=2),
    MemoryReading(
        name="memory_facts", k=2, chunk_chars=600, keys="value+fact", reading="direct", form="text"
    ),
    MemoryReading(name="memory_notes", k=2, chunk_chars=300, keys="fact", reading="note_each", time="reader"),
    GistMemory(name="gist_sequential", look_up="sequential", max_page_words=80, min_page_words=30),
    Routed(LLMRouter(), (ChunkedRetrieval(k=1), LongContext()), name="routed_by_prompt"),
    Cascade((ChunkedRetrieval(k=1), LongContext()), accept=SelfRating(), name="rated"),
]
MATRIX = [*(find("strategy", name)(**SETTINGS.get(name, {})) for name in names("strategy")), *VARIANTS]
SHOWN = (
    Question("d1", "In which town was Northwind founded?", ("north",), ("Bergen",), "location",
             evidence=(Span("north", 690, 723, "It was founded in 1987 in Bergen."),)),
    Question("d2", "What do lamps give?", ("south",), ("light",), "location"),
    Question("d3", "Who is Southbay's auditor?", ("south",), (), "hallucination", answerable=False),
)  # fmt: skip


@pytest.fixture
def shown_dataset(dataset):
    """The tiny dataset with three demonstrations, of which the scripted reader answers the last right."""
    return replace(dataset, demonstrations=SHOWN)


def resources(dataset, reader, embedder, **settings) -> Resources:
    return Resources(
        reader,
        {d.id: d for d in dataset.documents},
        BM25Retriever(chunker=RecursiveChunker(200, 0)),
        embedder,
        questions=[q.document_ids for q in dataset.questions],
        demonstration_pool=dataset.demonstrations,
        **settings,
    )


def ask(strategy, dataset, reader, embedder, question=0, **settings):
    """The answer to one question, and the toolbox that metered it."""
    tools = MeteredToolbox(resources(dataset, reader, embedder, **settings), salt=strategy.name)
    return asyncio.run(strategy.answer(dataset.questions[question], tools)), tools


def ask_all(strategy, shared, dataset):
    """Answers to all questions in turn, and their toolboxes."""

    async def run():
        asked = [MeteredToolbox(shared, salt=strategy.name) for _ in dataset.questions]
        return [
            (await strategy.answer(q, tools), tools)
            for q, tools in zip(dataset.questions, asked, strict=True)
        ]

    return asyncio.run(run())
