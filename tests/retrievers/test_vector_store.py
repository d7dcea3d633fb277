"""LangChain vector stores: in memory, Qdrant and Milvus, embedded in this process."""

import pytest
from langchain_core.vectorstores import InMemoryVectorStore

from embedders import as_langchain
from retrievers import LangChainRetriever, RecursiveChunker, VectorStoreRetriever
from retrievers.vector_store import VectorStoreIndex

SMALL = RecursiveChunker(60, 0)


def check(retriever, texts):
    index = retriever.build(texts)
    (found,) = index.search(["The harbour opened in 1987."], 2)
    assert "harbour" in found[0].text
    assert all(texts[p.document_id][p.start : p.end] == p.text for p in found)
    (only,) = index.search(["harbour"], 3, document_ids=["b"])
    assert {p.document_id for p in only} == {"b"} and len(only) == 3
    with pytest.raises(ValueError, match="k must be"):
        index.search(["a"], 0)


def test_in_memory(texts, embedder):
    retriever = VectorStoreRetriever(InMemoryVectorStore(as_langchain(embedder)), SMALL)
    check(retriever, texts)
    once = len(retriever.store.store)
    retriever.build(texts)
    assert len(retriever.store.store) == once


def test_qdrant(texts, embedder):
    qdrant = pytest.importorskip("langchain_qdrant")
    from qdrant_client import QdrantClient
    from qdrant_client.models import Distance, FieldCondition, Filter, MatchAny, VectorParams

    client = QdrantClient(":memory:")
    client.create_collection("t", vectors_config=VectorParams(size=256, distance=Distance.COSINE))
    store = qdrant.QdrantVectorStore(client, "t", as_langchain(embedder))

    def only(ids):
        wanted = FieldCondition(key="metadata.document_id", match=MatchAny(any=list(ids)))
        return {"filter": Filter(must=[wanted])}

    retriever = VectorStoreRetriever(store, SMALL, only)
    check(retriever, texts)
    once = client.count("t").count
    retriever.build(texts)
    assert client.count("t").count == once


def test_milvus(texts, embedder, tmp_path):
    milvus = pytest.importorskip("langchain_milvus")
    pytest.importorskip("milvus_lite")
    store = milvus.Milvus(
        as_langchain(embedder), connection_args={"uri": str(tmp_path / "milvus.db")}, auto_id=False,
        index_params={"index_type": "FLAT", "metric_type": "COSINE"},
    )  # fmt: skip
    check(VectorStoreRetriever(store, SMALL, lambda ids: {"expr": f"document_id in {list(ids)}"}), texts)


@pytest.fixture
def crowded(embedder):
    """A store in which the hundred best hits are of another document."""
    store = InMemoryVectorStore(as_langchain(embedder))
    crowd = [f"The harbour opened. {i}" for i in range(150)]
    store.add_texts(crowd, [{"document_id": "crowd"}] * len(crowd))
    store.add_texts(["A harbour and a fish market of the town."], [{"document_id": "b"}])
    return store


def test_a_document_behind_a_crowd_of_better_hits_is_found(crowded):
    for index in (
        VectorStoreIndex(VectorStoreRetriever(crowded)),
        LangChainRetriever(crowded.as_retriever()),
    ):
        (passages,) = index.search(["The harbour opened."], 1, document_ids=["b"])
        assert [p.document_id for p in passages] == ["b"]


def test_documents_without_an_id_are_refused_where_documents_are_asked_for(embedder):
    store = InMemoryVectorStore(as_langchain(embedder))
    store.add_texts(["The harbour opened."])
    retriever = LangChainRetriever(store.as_retriever())
    assert len(retriever.search(["harbour"], 1)[0]) == 1
    with pytest.raises(ValueError, match="no `document_id` or `source` in its metadata"):
        retriever.search(["harbour"], 1, document_ids=["b"])
