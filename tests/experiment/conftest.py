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


@pytest.fixture(scope="module")
def store(tmp_path_factory):
    """A database of a file's tests alone: to make its tables takes seconds."""
    mlflow = pytest.importorskip("mlflow")
    uri = f"sqlite:///{tmp_path_factory.mktemp('store') / 'mlflow.db'}"
    mlflow.MlflowClient(uri).search_experiments()
    return uri
