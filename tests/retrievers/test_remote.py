"""Qdrant and Milvus as retrievers, in this process; a server is used where QDRANT_URL or MILVUS_URL names one."""

import os
import uuid

import numpy as np
import pytest

from lcrag.components import build
from lcrag.errors import LcragError
from lcrag.testing import check_retriever
from lcrag.testing.world import CountingEmbedder, WordEmbedder
from retrievers import DenseRetriever, MilvusRetriever, QdrantRetriever, RecursiveChunker

SMALL = RecursiveChunker(60, 0)
CLIENTS = {"qdrant": "qdrant_client", "milvus": "milvus_lite"}


@pytest.fixture(params=["qdrant", "milvus"])
def make(request, tmp_path):
    pytest.importorskip(CLIENTS[request.param])
    server = os.environ.get(f"{request.param.upper()}_URL")
    kind = QdrantRetriever if request.param == "qdrant" else MilvusRetriever
    url = server or str(tmp_path / ("qdrant" if kind is QdrantRetriever else "milvus.db"))

    def make(embedder=None, **settings):
        given = {"collection": "t" + uuid.uuid5(uuid.NAMESPACE_OID, str(tmp_path)).hex, "url": url}
        return kind(embedder or WordEmbedder(), SMALL, **given | settings)

    return make


def test_it_keeps_the_promises_of_retrievers(make):
    check_retriever(make())


def test_it_finds_what_exact_search_finds(make):
    pytest.importorskip("faiss")
    rng = np.random.default_rng(0)
    words = [f"word{i}" for i in range(80)]
    texts = {f"d{i}": " ".join(rng.choice(words, 60)) for i in range(8)}
    queries = [" ".join(rng.choice(words, 6)) for _ in range(8)]
    exact = DenseRetriever(WordEmbedder(), SMALL, "Flat").build(texts)
    index = make().build(texts)
    assert index.build_tokens == exact.build_tokens
    for ids in (None, ["d3", "d7"]):
        expected = exact.search(queries, 5, document_ids=ids)
        hits = index.search(queries, 5, document_ids=ids)
        for one, other in zip(hits, expected, strict=True):
            assert [round(p.score, 4) for p in one] == [round(p.score, 4) for p in other]
            above = {(p.document_id, p.start) for p in other if p.score > other[-1].score + 1e-4}
            assert above <= {
                (p.document_id, p.start) for p in one
            }  # equal scores at the last place may differ


def test_what_is_there_is_not_embedded_again_and_books_the_same(make, texts):
    embedder = CountingEmbedder()
    first = make(embedder).build(texts)
    read = embedder.tokens
    again = make(embedder).build(texts)
    assert embedder.tokens == read == first.build_tokens == again.build_tokens > 0


def test_sets_do_not_see_each_other(make, texts):
    one, rest = texts.popitem()
    first, second = make().build({one: rest}), make().build(texts)
    (hits,) = second.search(["harbour market"], 50)
    assert {p.document_id for p in hits} <= set(texts)
    (hits,) = first.search(["harbour market"], 50)
    assert {p.document_id for p in hits} == {one}


def test_a_set_that_was_filled_before_is_searched_as_it_is(make, texts):
    from retrievers.base import chunked

    filled = make()
    tokens = filled.fill("towns", chunked(texts, SMALL))
    filled.fill("towns", chunked(texts, SMALL)[:2])  # once more after a crash
    assert filled.database.count("towns") == len(chunked(texts, SMALL))
    embedder = CountingEmbedder()
    index = make(embedder, set_name="towns", build_tokens=tokens).build({"anything": "else"})
    (hits,) = index.search(["The harbour opened in 1987."], 1)
    assert "harbour" in hits[0].text and index.build_tokens == tokens
    with pytest.raises(ValueError, match="has no set 'cities': fill it first"):
        make(set_name="cities").build(texts)


def test_an_embedder_of_another_dimension_is_refused(make, texts):
    class Short(WordEmbedder):
        def embed(self, texts, kind="document"):
            from dataclasses import replace

            embedded = super().embed(texts, kind)
            return replace(embedded, vectors=embedded.vectors[:, :16])

    make().build(texts)
    with pytest.raises(
        ValueError, match="holds vectors of 256 numbers, this embedder makes 16: name another"
    ):
        make(Short(name="short")).build(texts)


@pytest.mark.parametrize("kind", ["qdrant", "milvus"])
def test_yaml_and_what_is_wrong_is_told(kind, monkeypatch, texts):
    pytest.importorskip(CLIENTS[kind])
    given = {"embedder": WordEmbedder()}
    retriever = build(
        "retriever", {"type": kind, "url": "http://127.0.0.1:9", "collection": "c"}, "here", given
    )
    with pytest.raises(ValueError, match=r"There is no database at http://127.0.0.1:9 \("):
        retriever.build(texts)
    client = {"qdrant": "qdrant_client", "milvus": "pymilvus"}[kind]
    monkeypatch.setitem(__import__("sys").modules, client, None)
    with pytest.raises(ValueError, match=rf"pip install 'lcrag\[{kind}\]'"):
        build("retriever", {"type": kind, "url": "http://127.0.0.1:10"}, "here", given).build(texts)
    with pytest.raises(LcragError, match="unknown key 'adress'"):
        build("retriever", {"type": kind, "adress": "x"}, "here", given)
