import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from retrievers import BM25Retriever, DenseRetriever, HybridRetriever, RecursiveChunker, SentenceChunker
from retrievers.langchain import LangChainRetriever, as_langchain

TEXTS = {
    "a": "Kites fly in the wind. A kite has a tail.\n\n" * 8 + "The harbour opened in 1987.",
    "b": "Lamps give light. A lamp has a shade.\n\n" * 8 + "Ada Moss leads the lamp works.",
}
CHUNKER = RecursiveChunker(120, 20)


@pytest.fixture(params=["bm25", "dense", "hybrid"])
def retriever(request, embedder):
    pytest.importorskip("faiss")
    return {
        "bm25": BM25Retriever(CHUNKER),
        "dense": DenseRetriever(embedder, CHUNKER),
        "hybrid": HybridRetriever(embedder, CHUNKER),
    }[request.param]


TEXT = st.text(alphabet="ab .\n!?\u00e9", max_size=300) | st.lists(
    st.sampled_from(["aa bb. ", "\n\n", "c" * 30, "x "])
).map("".join)


@settings(max_examples=150, deadline=None)
@given(TEXT, st.sampled_from([RecursiveChunker(20, 0), RecursiveChunker(30, 10), SentenceChunker(25)]))
def test_chunks_stand_where_they_say_and_lose_nothing(text, chunker):
    spans = chunker.split(text)
    assert all(0 <= s < e <= len(text) for s, e in spans)
    assert spans == sorted(spans)
    covered = {i for s, e in spans for i in range(s, e)}
    assert not [c for i, c in enumerate(text) if i not in covered and not c.isspace()]


def test_chunk_sizes():
    text = "One two three. " * 50
    assert all(e - s <= 100 for s, e in RecursiveChunker(100, 20).split(text))
    sentences = SentenceChunker(100).split(text)
    assert all(text[s:e].endswith("three.") and e - s <= 100 for s, e in sentences)
    with pytest.raises(ValueError, match="overlap"):
        RecursiveChunker(10, 10)


def test_search(retriever):
    index = retriever.build(TEXTS)
    found, other = index.search(["When did the harbour open?", "Ada Moss leads"], 3)
    assert "harbour" in found[0].text
    assert "Ada Moss" in other[0].text
    assert len(found) == 3
    assert all(TEXTS[p.document_id][p.start : p.end] == p.text for p in found)
    assert [p.score for p in found] == sorted((p.score for p in found), reverse=True)
    (only_b,) = index.search(["harbour"], 50, document_ids=["b"])
    assert {p.document_id for p in only_b} == {"b"}
    assert index.search(["harbour"], 3) == index.search(["harbour"], 3)


def test_bad_input(retriever):
    with pytest.raises(ValueError, match="no documents"):
        retriever.build({})
    with pytest.raises(ValueError, match="'c' is empty"):
        retriever.build({"c": " \n"})
    with pytest.raises(ValueError, match="k must be at least 1, not 0"):
        retriever.build(TEXTS).search(["x"], 0)


def test_a_query_of_unknown_words_and_a_document_of_one_word(retriever):
    index = retriever.build({"d": "Kites"})
    (found,) = index.search(["zzz qqq"], 5)
    assert [p.text for p in found] == ["Kites"]


def test_dense_equals_brute_force(embedder):
    pytest.importorskip("faiss")
    index = DenseRetriever(embedder, CHUNKER).build(TEXTS)
    (found,) = index.search(["a lamp has light"], 100)
    vectors = embedder.embed_documents([p.text for p in index.passages.values()])
    direct = vectors @ embedder.embed_query("a lamp has light")
    assert [p.score for p in found] == pytest.approx(sorted(direct, reverse=True), abs=1e-6)
    assert index.build_tokens == sum(len(p.text.split()) for p in index.passages.values())
    assert index.query_tokens(["a lamp"]) == 2


def test_bm25_equals_bm25s():
    import bm25s

    index = BM25Retriever(CHUNKER).build(TEXTS)
    (found,) = index.search(["harbour lamp"], 100)
    model = bm25s.BM25(k1=1.5, b=0.75)
    texts = [p.text for p in index.passages]
    model.index(bm25s.tokenize(texts, stopwords="en", show_progress=False), show_progress=False)
    query = bm25s.tokenize(["harbour lamp"], stopwords="en", show_progress=False)
    _, scores = model.retrieve(query, k=len(texts), show_progress=False)
    assert [p.score for p in found] == pytest.approx(np.sort(scores[0])[::-1].tolist(), abs=1e-5)
    assert index.build_tokens == 0


def test_hybrid_is_the_sum_of_reciprocal_ranks(embedder):
    pytest.importorskip("faiss")
    index = HybridRetriever(embedder, CHUNKER).build(TEXTS)
    (found,) = index.search(["harbour"], 3)
    expected = {}
    for part in (index.sparse, index.dense):
        for rank, p in enumerate(part.search(["harbour"], 50)[0], start=1):
            expected[p.document_id, p.start] = expected.get((p.document_id, p.start), 0) + 1 / (60 + rank)
    assert found[0].score == pytest.approx(max(expected.values()))
    assert found[0].score == pytest.approx(expected[found[0].document_id, found[0].start])


def test_langchain_both_ways(embedder):
    index = BM25Retriever(CHUNKER).build(TEXTS)
    documents = as_langchain(index, k=2).invoke("harbour")
    assert len(documents) == 2
    assert documents[0].metadata["document_id"] == "a"
    back = LangChainRetriever(as_langchain(index, k=4)).build(TEXTS)
    (found,) = back.search(["harbour"], 2)
    (direct,) = index.search(["harbour"], 2)
    assert [(p.document_id, p.start, p.end) for p in found] == [
        (p.document_id, p.start, p.end) for p in direct
    ]


@pytest.mark.parametrize(
    "texts", [{"a": "\U0001f600"}, {"a": "the of and"}, {"a": "\U0001f600", "b": "The."}]
)
def test_bm25_takes_documents_without_a_word(texts):
    found = BM25Retriever().build(texts).search(["kites", "the", "\U0001f600", ""], 2)
    assert [[p.score for p in hits] for hits in found] == [[0.0] * len(texts)] * 4
