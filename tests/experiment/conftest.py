"""A small experiment, for tests that change one thing of it."""

import pytest

import lcrag
from lcrag.strategies import ChunkedRetrieval, ClosedBook, LongContext
from retrievers.bm25 import BM25Retriever


@pytest.fixture
def experiment(tmp_path, dataset, scripted, embedder):
    def make(**changes):
        given = {"dataset": dataset, "reader": scripted(), "name": "tiny", "output": tmp_path / "out",
                 "strategies": [ClosedBook(), ChunkedRetrieval(k=2), LongContext()], "embedder": embedder,
                 "routers": [lcrag.LaRARule()], "retriever": BM25Retriever(), "mlflow": ""}  # fmt: skip
        return lcrag.Experiment(**given | changes)

    return make
