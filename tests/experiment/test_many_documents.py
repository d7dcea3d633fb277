"""A run over many documents ends with its table and its report, and its time grows with their number only."""

import time

import pandas as pd
import pytest

import lcrag
from lcrag.datasets.base import Dataset
from lcrag.readers.scripted import ScriptedReader
from lcrag.schema import Document, Question
from lcrag.strategies import ChunkedRetrieval, LongContext
from retrievers.bm25 import BM25Retriever


def run(folder, embedder, count):
    documents = tuple(
        Document(f"d{i}", f"Firm {i} sells kites. It was founded in {1000 + i}. " * 3) for i in range(count)
    )
    questions = tuple(
        Question(f"q{i}", f"When was firm {i} founded?", (f"d{i}",), (str(1000 + i),)) for i in range(count)
    )

    def respond(request):
        prompt = request.messages[-1].content
        year = prompt.partition("founded in ")[2].partition(".")[0]
        return year if len(prompt) % 7 or "passages" not in prompt else "unanswerable"

    return lcrag.Experiment(
        Dataset("many", documents, questions),
        ScriptedReader(respond),
        [ChunkedRetrieval(k=2), LongContext()],
        folder,
        routers=[lcrag.LaRARule()],
        retriever=BM25Retriever(),
        embedder=embedder,
        mlflow="",
    ).run()


@pytest.mark.parametrize("count", [1_100, pytest.param(10_000, marks=pytest.mark.slow)])
def test_table_and_report(tmp_path, embedder, count):
    started = time.process_time()
    results = run(tmp_path, embedder, count)
    assert f"{count} questions on {count} documents" in str(results)
    assert results.problems == () and results.failed == []
    assert len(pd.read_parquet(tmp_path / "outcomes.parquet")) == 2 * count
    assert f"When was firm {count - 1} founded?" in results.report.read_text()
    assert time.process_time() - started < 10 + 0.008 * count
