"""What logging to MLflow adds to a run: seconds with none, with runs alone, and with traces.

    python experiments/benchmarks/mlflow_overhead.py --questions 100 --seconds 1

Every answer takes the same time, so what is more is MLflow's. Its import, which each process pays once, is apart.
"""

from __future__ import annotations

import argparse
import contextlib
import tempfile
import time
from pathlib import Path

from lcrag import Experiment
from lcrag.datasets.base import Dataset
from lcrag.readers.scripted import ScriptedReader
from lcrag.schema import Document, Question
from lcrag.strategies import ChunkedRetrieval, LongContext
from retrievers.bm25 import BM25Retriever


def dataset_of(questions: int) -> Dataset:
    """Ten questions on each document."""
    text = "Ships pass the lighthouse in calm weather and in storms. " * 100
    documents = [Document(f"d{i}", f"Lighthouse {i}. {text}") for i in range(-(-questions // 10))]
    asked = [
        Question(f"q{i}", f"What passes lighthouse {i}?", (f"d{i // 10}",), ("ships",), "location")
        for i in range(questions)
    ]
    return Dataset("lighthouses", tuple(documents), tuple(asked))


def seconds_of(dataset: Dataset, delay: float, folder: Path, uri: str, traces: bool) -> float:
    """The time of one run."""
    run = Experiment(
        dataset=dataset,
        reader=ScriptedReader(
            lambda request: "ships", delay=delay, max_concurrency=1, context_window=100_000
        ),
        strategies=[ChunkedRetrieval(k=2), LongContext()],
        retriever=BM25Retriever(),
        output=folder,
        mlflow=uri,
        mlflow_traces=traces,
    )
    start = time.perf_counter()
    results = run.run()
    assert not results.problems, results.problems
    return time.perf_counter() - start


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--questions", type=int, default=100)
    parser.add_argument("--seconds", type=float, default=1.0, help="of each answer")
    given = parser.parse_args()
    dataset = dataset_of(given.questions)
    start = time.perf_counter()
    import mlflow

    with tempfile.TemporaryDirectory() as folder, contextlib.chdir(folder):  # MLflow puts artifacts there
        uri = f"sqlite:///{folder}/mlflow.db"
        mlflow.MlflowClient(uri).search_experiments()
        print(f"{time.perf_counter() - start:.1f} s for MLflow's import and a new database")
        base = 0.0
        for name, address, traces in (("no MLflow", "", False), ("runs", uri, False), ("traces", uri, True)):
            seconds = seconds_of(dataset, given.seconds, Path(folder) / name, address, traces)
            base = base or seconds
            print(f"{name:<10}{seconds:8.1f} s  {seconds / base - 1:+7.1%}", flush=True)


if __name__ == "__main__":
    main()
