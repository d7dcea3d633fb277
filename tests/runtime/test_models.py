"""Embedders and rerankers: what they read, how long a question waits for them, FLOPs and dollars of their own."""

import asyncio
import time
from dataclasses import replace
from math import isnan

import pytest

from lcrag.cost.encoder import reading_flops
from lcrag.cost.price_cards import PriceCard
from lcrag.cost.prices import Prices
from lcrag.runtime.resources import Resources
from lcrag.runtime.toolbox import MeteredToolbox
from lcrag.strategies import ChunkedRetrieval, MemoryReading
from retrievers.bm25 import BM25Retriever
from retrievers.chunkers import RecursiveChunker
from retrievers.reranker import Reranker

SHAPE = {
    "model_type": "bert",
    "hidden_size": 8,
    "num_hidden_layers": 1,
    "num_attention_heads": 1,
    "intermediate_size": 16,
}
WAIT = 0.02


@pytest.fixture
def slow(embedder):
    """It has a shape, and every call takes 20 ms."""

    class Slow(type(embedder)):
        config = SHAPE

        def embed(self, texts, kind="document"):
            time.sleep(WAIT)
            embedded = super().embed(texts, kind)
            return replace(embedded, lengths=tuple(len(t.split()) for t in texts))

    return Slow()


class Scores:
    """A cross-encoder of the user's own, of which only its scores are known."""

    def predict(self, pairs, batch_size=32):
        time.sleep(WAIT)
        return [float(len(passage)) for _, passage in pairs]


def tools_for(dataset, reader, embedder, retriever=None, prices=None):
    return MeteredToolbox(
        Resources(
            reader,
            {d.id: d for d in dataset.documents},
            retriever or BM25Retriever(RecursiveChunker(200, 0)),
            embedder,
            prices,
            questions=[q.document_ids for q in dataset.questions],
        ),
        "salt",
    )


def test_a_memorys_embedder_has_roles_of_its_own(dataset, scripted, slow, embedder):
    """Three questions share the keys of their document."""
    prices = Prices(PriceCard(1, 1), PriceCard(0.5, 0))
    tools = tools_for(dataset, scripted(), slow, prices=prices)
    asyncio.run(MemoryReading(k=2).answer(dataset.questions[0], tools))
    ledger, words = tools.ledger, embedder.count_tokens([dataset.documents[0].text])
    assert ledger["index"].prompt_tokens == pytest.approx(words / 3, rel=0.02)
    assert ledger["index"].dollars == pytest.approx(ledger["index"].prompt_tokens * 0.5e-6)
    assert ledger["embed"].prompt_tokens == embedder.count_tokens([dataset.questions[0].text])
    assert ledger["embed"].flops == reading_flops(SHAPE, ledger["embed"].prompt_tokens, 1)
    assert ledger["embed"].dollars == pytest.approx(ledger["embed"].prompt_tokens * 0.5e-6)
    assert ledger["read"].dollars == pytest.approx(
        (ledger["read"].prompt_tokens + ledger["read"].completion_tokens) * 1e-6
    )
    assert ledger["build"].calls == 0


def test_what_is_not_known_of_an_embedder_leaves_the_readers_dollars_known(dataset, scripted, embedder):
    tools = tools_for(dataset, scripted(), embedder, prices=PriceCard(1, 1))
    asyncio.run(MemoryReading(k=2).answer(dataset.questions[0], tools))
    assert tools.ledger["embed"].dollars is None and tools.ledger["index"].flops is None
    assert tools.ledger["read"].dollars > 0 and tools.ledger["build"].dollars == 0


def test_seconds_are_booked_where_a_question_waits(dataset, scripted, slow):
    faiss = pytest.importorskip("faiss")
    assert faiss
    from retrievers.dense import DenseRetriever

    retriever = Reranker(DenseRetriever(slow, RecursiveChunker(200, 0)), Scores(), fetch=4)
    tools = tools_for(dataset, scripted(), slow, retriever)
    started = time.perf_counter()
    asyncio.run(tools.retrieve("kites", dataset.questions[0], 2))
    waited = time.perf_counter() - started
    ledger = tools.ledger
    assert ledger["embed"].seconds >= WAIT and ledger["rerank"].seconds >= WAIT
    assert ledger["index"].seconds >= WAIT / 3  # one of three questions on the document
    assert 0 < ledger["retrieve"].seconds < waited
    whole = (
        sum(ledger[role].seconds for role in ("embed", "rerank", "retrieve")) + 3 * ledger["index"].seconds
    )
    assert WAIT * 3 <= whole <= waited


def test_a_bm25_index_takes_time_too_and_no_tokens(dataset, scripted, embedder):
    tools = tools_for(dataset, scripted(), embedder)
    asyncio.run(ChunkedRetrieval(k=2).answer(dataset.questions[0], tools))
    assert tools.ledger["index"].seconds > 0 and tools.ledger["retrieve"].seconds > 0
    assert tools.ledger["index"].calls == tools.ledger["embed"].calls == 0


def test_a_rerankers_tokens_are_its_pairs(dataset, scripted, embedder, tmp_path):
    """As its own tokenizer counts them: [CLS] query [SEP] passage [SEP]."""
    pytest.importorskip("sentence_transformers")
    from transformers import AutoTokenizer, BertConfig, BertForSequenceClassification

    from embedders.loading import bundled_minilm

    config = BertConfig(**{**SHAPE, "vocab_size": 30522, "num_labels": 1})
    BertForSequenceClassification(config).save_pretrained(tmp_path)
    tokenizer = AutoTokenizer.from_pretrained(bundled_minilm())
    tokenizer.save_pretrained(tmp_path)
    inner = BM25Retriever(RecursiveChunker(200, 0))
    card = Prices(reranker=PriceCard(2, 0))
    tools = tools_for(dataset, scripted(), embedder, Reranker(inner, str(tmp_path), fetch=3), card)
    asyncio.run(tools.retrieve("kites", dataset.questions[0], 3))
    (passages,) = inner.build({"north": dataset.documents[0].text}).search(["kites"], 3)
    lengths = [len(tokenizer("kites", p.text)["input_ids"]) for p in passages]
    used = tools.ledger["rerank"]
    assert used.prompt_tokens == sum(lengths)
    assert used.flops == pytest.approx(reading_flops(SHAPE, sum(lengths), 3, lengths))
    assert used.dollars == pytest.approx(sum(lengths) * 2e-6)


def test_a_reranker_of_ones_own_has_seconds_and_unknown_tokens(dataset, scripted, embedder):
    inner = BM25Retriever(RecursiveChunker(200, 0))
    tools = tools_for(dataset, scripted(), embedder, Reranker(inner, Scores()))
    asyncio.run(tools.retrieve("kites", dataset.questions[0], 2))
    used = tools.ledger["rerank"]
    assert isnan(used.prompt_tokens) and used.flops is None and used.seconds >= WAIT


def test_an_index_that_records_nothing_is_booked_by_its_own_count(dataset, scripted, embedder):
    class Index:
        build_tokens = 90

        def search(self, queries, k, *, document_ids=None):
            return [[] for _ in queries]

        def query_tokens(self, queries):
            return 7

    class Silent:
        def build(self, texts):
            return Index()

    tools = tools_for(dataset, scripted(), embedder, Silent())
    asyncio.run(tools.retrieve("kites", dataset.questions[0], 2))
    assert (tools.ledger["index"].prompt_tokens, tools.ledger["embed"].prompt_tokens) == (30, 7)


def test_a_sentence_transformer_knows_its_shape():
    pytest.importorskip("sentence_transformers")
    from embedders.sentence_transformer import SentenceTransformerEmbedder

    minilm = SentenceTransformerEmbedder()
    try:
        embedded = minilm.embed(["A kite.", "Lamps give light."], "document")
    except ValueError as error:
        pytest.skip(str(error))
    assert sum(embedded.lengths) == embedded.tokens == minilm.count_tokens(["A kite.", "Lamps give light."])
    assert reading_flops(minilm.config, 256, 1) == 2 * 10_616_832 * 256 + 4 * 6 * 384 * 256 * 256
