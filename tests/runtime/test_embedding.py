"""Strategies and routers embed questions as queries and documents as documents."""

import asyncio

import pytest

from embedders.base import Embedded
from lcrag.runtime.resources import Resources
from lcrag.runtime.toolbox import MeteredToolbox
from retrievers.dense import DenseRetriever


@pytest.fixture
def asymmetric(embedder):
    """Queries lie along the first axis, documents along the second; a server counts 3 tokens per text."""

    class Asymmetric(type(embedder)):
        def embed(self, texts, kind="document"):
            vectors = super().embed(texts, kind).vectors * 0
            vectors[:, 0 if kind == "query" else 1] = 1
            return Embedded(vectors, 3 * len(texts))

    return Asymmetric()


def test_the_toolbox_asks_for_the_kind_and_books_what_was_counted(dataset, scripted, asymmetric):
    texts = {d.id: d for d in dataset.documents}
    tools = MeteredToolbox(Resources(scripted(), texts, None, asymmetric), "salt")
    query = asyncio.run(tools.embed(["kites"]))
    document = asyncio.run(tools.embed(["kites", "lamps"], "build"))
    assert query[0, :2].tolist() == [1, 0]
    assert document[0, :2].tolist() == [0, 1]
    assert (tools.ledger["embed"].prompt_tokens, tools.ledger["index"].prompt_tokens) == (3, 6)


def test_retrieval_embeds_the_question_as_a_query(dataset, scripted, asymmetric):
    pytest.importorskip("faiss")
    shared = Resources(
        scripted(),
        {d.id: d for d in dataset.documents},
        DenseRetriever(asymmetric),
        asymmetric,
        questions=[q.document_ids for q in dataset.questions[:1]],
    )
    tools = MeteredToolbox(shared, "salt")
    passages = asyncio.run(tools.retrieve("kites", dataset.questions[0], 2))
    assert {p.score for p in passages} == {0}
