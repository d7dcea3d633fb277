"""Every strategy once, and how the tests ask them."""

from __future__ import annotations

import asyncio
from dataclasses import replace

import pytest

from lcrag.routers import LaRARule, Routed
from lcrag.runtime.resources import Resources
from lcrag.runtime.toolbox import MeteredToolbox
from lcrag.schema import Question
from lcrag.strategies import (
    DRAG,
    AgentWrite,
    Cascade,
    ChainOfAgents,
    ChunkedRetrieval,
    CitedLongContext,
    ClosedBook,
    ClueMemory,
    CompressedContext,
    CorrectiveRetrieval,
    Ensemble,
    EvolvingMemory,
    GistMemory,
    HyDE,
    IRCoT,
    IterDRAG,
    LocalMemory,
    LongContext,
    LongRAG,
    MapReduce,
    MemoryReading,
    MultiQuery,
    Refine,
    RetrieveThenReason,
    SelfRoute,
    SummaryTree,
)
from lcrag.strategies.acceptors import SelfRating
from retrievers.bm25 import BM25Retriever
from retrievers.chunkers import RecursiveChunker

MATRIX = [
    ClosedBook(),
    LongContext(),
    LongContext(name="both_ends", question_at="both", reasoning="think"),
    CitedLongContext(chunk_chars=300),
    CompressedContext(tokens=60),
    ChunkedRetrieval(k=2),
    ChunkedRetrieval(name="document_order", k=2, order="document", allow_decline=False),
    LongRAG(k=1, unit_chars=600, chunks=4),
    HyDE(k=2),
    MultiQuery(k=2, queries=2),
    IRCoT(k=1, steps=2),
    CorrectiveRetrieval(k=2),
    DRAG(k=2, m=2),
    IterDRAG(k=1, m=2, n=2),
    RetrieveThenReason(),
    RetrieveThenReason(name="one_call", calls="one"),
    RetrieveThenReason(
        name="verified", verify="snap", reason_on="facts_and_text", matchers=("exact", "fuzzy", "semantic")
    ),
    MemoryReading(k=2, chunk_chars=200),
    MemoryReading(
        name="memory_facts", k=2, chunk_chars=600, keys="value+fact", reading="direct", form="text"
    ),
    MemoryReading(name="memory_notes", k=2, chunk_chars=300, keys="fact", reading="note_each", time="reader"),
    GistMemory(page_words=80, least_words=30),
    GistMemory(name="gist_sequential", look_up="sequential", page_words=80, least_words=30),
    ClueMemory(chunk_chars=800, hits=1),
    SummaryTree(k=3, chunk_chars=200),
    EvolvingMemory(chunk_chars=600),
    LocalMemory(budget=120, chunk_chars=300),
    MapReduce(part_chars=600),
    Refine(part_chars=600),
    ChainOfAgents(part_chars=600),
    AgentWrite(k=1),
    SelfRoute(k=1),
    Cascade((ClosedBook(), LongContext()), name="book_then_document"),
    Cascade((ChunkedRetrieval(k=1), LongContext()), accept=SelfRating(), name="rated"),
    Ensemble((ChunkedRetrieval(k=1), ChunkedRetrieval(k=2), LongContext())),
    Routed(LaRARule(), (ChunkedRetrieval(k=1), LongContext())),
]
SHOWN = (
    Question("d1", "In which town was Northwind founded?", ("north",), ("Bergen",), "location"),
    Question("d2", "What do lamps give?", ("south",), ("light",), "location"),
)


@pytest.fixture
def shown_dataset(dataset):
    """The tiny dataset with two demonstrations."""
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
