"""Answers of an application as MLflow traces, in a real store."""

import logging

import mlflow
import pytest

from lcrag import Application, LaRARule, Routed
from lcrag.strategies import ChunkedRetrieval, LongContext
from lcrag.testing.world import TEXTS, WordEmbedder
from retrievers.bm25 import BM25Retriever
from retrievers.chunkers import RecursiveChunker


@pytest.fixture
def serve(scripted):
    def make(**settings):
        return Application(
            Routed(LaRARule(), (ChunkedRetrieval(k=1), LongContext())), scripted(), TEXTS, embedder=WordEmbedder(),
            retriever=BM25Retriever(RecursiveChunker(200, 0)), **settings,
        )  # fmt: skip

    return make


def test_an_answer_is_a_trace(serve, tmp_path):
    before = mlflow.get_tracking_uri()
    mlflow.set_tracking_uri(f"sqlite:///{tmp_path}/mlflow.db")
    try:
        experiment = mlflow.set_experiment("app")
        serve().invoke("When was Northwind founded?")  # traces nothing
        result = serve(traces=True).invoke("When was Northwind founded?")
        mlflow.flush_trace_async_logging()
        (trace,) = mlflow.search_traces(locations=[experiment.experiment_id], return_type="list")
        root, *parts = trace.data.spans
        assert root.inputs["question"] == "When was Northwind founded?"
        assert (root.outputs["answer"], root.outputs["citations"]) == ("1987", result["citations"])
        assert trace.info.tags["lcrag.strategy"] == "chunked_retrieval"
        assert trace.info.tags["lcrag.answer"] == result["id"]
        assert [p.name for p in parts] == ["route", "retrieve", "read"]
        assert parts[-1].outputs == "1987"
    finally:
        mlflow.set_tracking_uri(before)


def test_a_store_that_fails_costs_no_answer(serve, monkeypatch, caplog):
    def refuse(*_, **__):
        raise OSError("the disk is full")

    monkeypatch.setattr(mlflow, "start_span_no_context", refuse)
    with caplog.at_level(logging.WARNING):
        assert serve(traces=True).invoke("When was Northwind founded?")["answer"] == "1987"
    assert "was not traced: the disk is full" in caplog.text
