import numpy as np
import pytest

pytest.importorskip("sentence_transformers")
from embedders import LangChainEmbedder, SentenceTransformerEmbedder, as_langchain
from retrievers import DenseRetriever, RecursiveChunker


@pytest.fixture(scope="module")
def minilm():
    return SentenceTransformerEmbedder()


def test_minilm_is_real(minilm):
    texts = ["A cat sits on the mat.", "A kitten is on a rug.", "Interest rates rose."]
    vectors = minilm.embed_documents(texts)
    assert vectors.shape == (3, 384) and vectors.dtype == np.float32
    assert np.linalg.norm(vectors, axis=1) == pytest.approx(1, abs=1e-5)
    assert vectors[0] @ vectors[1] > 0.5 > 0.2 > vectors[0] @ vectors[2]
    assert minilm.embed_query(texts[0]) == pytest.approx(vectors[0], abs=1e-5)
    assert minilm.name == "all-MiniLM-L6-v2"


def test_tokens_are_those_that_the_model_reads(minilm):
    assert minilm.count_tokens(["A cat sits on the mat."]) == 9  # seven words and marks, [CLS], [SEP]
    assert minilm.count_tokens(["word " * 5000]) == 256
    assert minilm.count_tokens([]) == 0


def test_dense_retrieval_with_real_weights_and_faiss(minilm):
    pytest.importorskip("faiss")
    texts = {"a": "The company was set up in 1987.\n\n" + "Kites need wind.\n\n" * 40}
    index = DenseRetriever(minilm, RecursiveChunker(80, 0)).build(texts)
    (found,) = index.search(["When was the firm founded?"], 1)
    assert "1987" in found[0].text


def test_langchain_both_ways(minilm):
    there = as_langchain(minilm)
    assert len(there.embed_query("a")) == 384
    back = LangChainEmbedder(there)
    assert back.embed_documents(["a", "b"]) == pytest.approx(minilm.embed_documents(["a", "b"]), abs=1e-5)
    assert back.embed_query("a").shape == (384,)
    assert back.count_tokens(["12345"]) == 2


def test_langchain_models_are_asked_for_queries_as_queries():
    from langchain_core.embeddings import Embeddings

    class Asymmetric(Embeddings):
        def embed_documents(self, texts):
            return [[1.0, 0.0] for _ in texts]

        def embed_query(self, text):
            return [0.0, 2.0]

    model = LangChainEmbedder(Asymmetric())
    assert model.embed(["a", "b"], "query").vectors.tolist() == [[0, 1], [0, 1]]
    assert model.embed(["a", "b"]).vectors.tolist() == [[1, 0], [1, 0]]
    assert model.embed(["12345"]).tokens == 2
    pytest.importorskip("faiss")
    (passages,) = DenseRetriever(model, RecursiveChunker(80, 0)).build({"a": "A kite."}).search(["kite"], 1)
    assert passages[0].score == 0  # a query embedded as a document would score 1


def test_a_missing_model_is_one_sentence():
    with pytest.raises(ValueError, match="'no/such-model' could not be loaded"):
        SentenceTransformerEmbedder(model="no/such-model").embed_query("a")
