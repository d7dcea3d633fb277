"""Retrievers and chunkers by name, with their parts named in YAML."""

from lcrag.components import build, names


def test_names():
    assert names("retriever") == [
        "bm25", "dense", "hybrid", "langchain", "lara_hybrid", "lara_reranked", "late_chunk", "milvus", "mmr",
        "multi_vector", "parent", "qdrant", "reranker", "sentence_window", "vector_store",
    ]  # fmt: skip
    assert names("chunker") == ["longrag_units", "recursive", "semantic", "sentence", "token"]


def test_an_embedder_is_named_inside_a_retriever_in_place_of_the_shared_one(embedder):
    spec = {"type": "dense", "embedder": {"type": "openai", "model": "x"}}
    assert build("retriever", spec, "here", {"embedder": embedder}).embedder.name == "x"
    spec = {"type": "late_chunk", "embedder": "sentence_transformer"}
    assert build("retriever", spec, "here").embedder.name == "all-MiniLM-L6-v2"
    spec = {"type": "multi_vector", "embedder": {"type": "multi_vector", "model": "y"}}
    assert build("retriever", spec, "here").embedder.model == "y"
    spec = {"type": "semantic", "embedder": {"type": "openai", "model": "z"}}
    assert build("chunker", spec, "here").embedder.name == "z"
    spec = {"type": "lara_hybrid", "embedder": {"type": "openai", "model": "x"}}
    assert build("retriever", spec, "here").embedder.name == "x"


def test_retrievers_nest():
    inner = {"type": "bm25", "chunker": {"type": "sentence", "size": 1}}
    window = build("retriever", {"type": "sentence_window", "retriever": inner, "neighbours": 1}, "here")
    assert (window.retriever.chunker.size, window.neighbours) == (1, 1)
    reranker = build("retriever", {"type": "reranker", "retriever": inner, "fetch": 7}, "here")
    assert (reranker.retriever.chunker.size, reranker.fetch) == (1, 7)
