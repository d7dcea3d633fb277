"""The seconds that a row has, all roles together, against the wall clock of a question that waits for a server."""

from __future__ import annotations

import asyncio
import time

import pytest

from embedders.openai import OpenAIEmbedder
from lcrag.readers import OpenAIReader
from lcrag.runtime.resources import Resources
from lcrag.runtime.toolbox import MeteredToolbox
from lcrag.schema import ROLES
from retrievers.chunkers import RecursiveChunker
from retrievers.hybrid import HybridRetriever
from retrievers.reranker import Reranker
from tests.strategies.conftest import MATRIX

pytest.importorskip("faiss")
DELAY = 0.15
ONE_CALL_AFTER_THE_OTHER = (
    "chunked_retrieval", "long_context", "retrieve_then_reason", "self_route", "query_expansion", "ircot",
    "iter_drag", "refine", "memory", "gist_memory", "rated",
)  # fmt: skip


@pytest.mark.parametrize("name", ONE_CALL_AFTER_THE_OTHER)
def test_the_roles_add_up_to_the_wall_clock(
    name, small, running_server, cross_encoder, monkeypatch, record_property
):
    """One question on its document, so that it pays for what is built, and waits for it."""
    running_server.start_anew()
    answer = running_server.chat
    monkeypatch.setattr(running_server, "chat", lambda body: (time.sleep(DELAY), answer(body))[1])
    embedder, question = OpenAIEmbedder("e", running_server.url), small.questions[0]
    retriever = Reranker(HybridRetriever(embedder, RecursiveChunker(300, 0)), cross_encoder, fetch=4)
    retriever.scores([("loaded", "before")])
    reader = OpenAIReader("m", running_server.url)
    documents = {d.id: d for d in small.documents}
    strategy = next(s for s in MATRIX if s.name == name)

    async def waited():
        for _ in range(2):  # the first time it also waits for imports and connections
            shared = Resources(
                reader, documents, retriever, embedder, demonstration_pool=small.demonstrations
            )
            tools = MeteredToolbox(shared, name)
            started = time.perf_counter()
            await strategy.answer(question, tools)
        return time.perf_counter() - started, tools.ledger

    wall, ledger = asyncio.run(waited())
    seconds = sum(ledger[role].seconds for role in ROLES)
    record_property("worst_missing", 1 - seconds / wall)
    record_property("seconds", wall)
    assert ledger["read"].seconds >= DELAY
    assert 0.85 * wall <= seconds <= wall + 0.001
