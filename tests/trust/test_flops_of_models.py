"""FLOPs that are booked for MiniLM and a cross-encoder, against torch's own count of their real passes."""

from __future__ import annotations

from functools import partial

import pytest

pytest.importorskip("sentence_transformers")
from lcrag.cost.prices import Prices
from lcrag.runtime.work import recorded_work, usage_of
from retrievers.bm25 import BM25Retriever
from retrievers.reranker import Reranker
from retrievers.work import embed

TEXT = "Northwind was founded in 1987 in Bergen by Ole Dahl. " * 8
SAME_LENGTH = [
    TEXT,
    TEXT.replace("1987", "1988"),
    TEXT.replace("1987", "1989"),
]  # no padding, which is not booked


@pytest.fixture
def booked_and_counted():
    from torch.utils.flop_counter import FlopCounterMode

    def both(work, *args):
        with FlopCounterMode(display=False) as counter:
            _, works, _ = recorded_work(work, *args)
        return sum(usage_of(w, Prices()).flops for w in works), counter.get_total_flops()

    return both


def test_the_embedder(booked_and_counted, record_property):
    from embedders.sentence_transformer import SentenceTransformerEmbedder

    minilm = SentenceTransformerEmbedder(dtype="float32", device="cpu")
    minilm.encoder.transformer.set_attn_implementation("eager")  # torch counts no product inside a fused one
    booked, counted = booked_and_counted(embed, minilm, SAME_LENGTH, "document")
    record_property("worst_difference", abs(booked / counted - 1))
    assert booked == pytest.approx(counted, rel=0.001)


def test_the_reranker(booked_and_counted, word_pieces, tmp_path, monkeypatch, record_property):
    """Of MiniLM's shape; its pooling and its head, which are not booked, are under 1% of it."""
    from sentence_transformers import CrossEncoder
    from transformers import BertConfig, BertForSequenceClassification

    from embedders.loading import bundled_minilm

    eager = partial(CrossEncoder, model_kwargs={"attn_implementation": "eager"})
    monkeypatch.setattr("sentence_transformers.CrossEncoder", eager)
    BertForSequenceClassification(BertConfig.from_pretrained(bundled_minilm(), num_labels=1)).save_pretrained(
        tmp_path
    )
    word_pieces.save_pretrained(tmp_path)
    reranker = Reranker(BM25Retriever(), str(tmp_path), device="cpu")
    reranker.scores([("warm", "up")])  # loads it
    booked, counted = booked_and_counted(reranker.scores, [("When was it founded?", t) for t in SAME_LENGTH])
    record_property("worst_difference", abs(booked / counted - 1))
    assert booked == pytest.approx(counted, rel=0.01)
