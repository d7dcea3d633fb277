"""What a run costs beside its model: CPU milliseconds per row and peak memory with a reader that answers at once.

    python experiments/benchmarks/overhead.py 10000 --characters 2000 --profile profile.txt

A row is one question answered by one strategy. The second line continues the finished run, which asks nothing.
"""

from __future__ import annotations

import argparse
import cProfile
import pstats
import random
import resource
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from pydoc_data.topics import topics

from lcrag import Experiment
from lcrag.datasets.base import Dataset
from lcrag.readers.base import Request
from lcrag.readers.scripted import ScriptedReader
from lcrag.schema import Document, Question
from lcrag.strategies import ChunkedRetrieval, ClosedBook
from retrievers.bm25 import BM25Retriever


def dataset_of(questions: int, per_document: int, characters: int) -> Dataset:
    """Questions about pieces of the language reference."""
    words = " ".join(topics.values()).split()
    rng = random.Random(0)
    documents, asked = [], []
    for number in range(-(-questions // per_document)):
        start = rng.randrange(len(words))
        piece = (words[start:] + words) * (1 + characters // (5 * len(words)))
        text = f"Document {number}. " + " ".join(piece[: characters // 5])[:characters]
        documents.append(Document(f"d{number}", text))
    for number in range(questions):
        where = documents[number // per_document].id
        about = " ".join(rng.sample(words, 8))
        answer = "yes" if rng.random() < 0.5 else "no"
        asked.append(Question(f"q{number}", f"What is said about {about}?", (where,), (answer,), "location"))
    return Dataset("overhead", documents, asked)


def instant_reader() -> ScriptedReader:
    """A reader that answers every request at once and keeps no request in memory."""

    def answer(request: Request) -> str:
        reader.requests.clear()
        return "yes"

    reader = ScriptedReader(answer, context_window=10_000_000, name="instant")
    return reader


def measured(work: Callable[[], object], profile: str) -> float:
    """CPU seconds of all threads; with ``profile`` the file that the profile is written to."""
    profiler = cProfile.Profile(time.process_time) if profile else None
    started = time.process_time()
    if profiler is None:
        work()
    else:
        profiler.runcall(work)
    seconds = time.process_time() - started
    if profiler is not None:
        with Path(profile).open("a", encoding="utf-8") as file:
            pstats.Stats(profiler, stream=file).sort_stats("cumulative").print_stats(90)
            pstats.Stats(profiler, stream=file).sort_stats("tottime").print_stats(40)
    return seconds


def main() -> None:
    """Write a table to standard output as Markdown."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("questions", type=int)
    parser.add_argument("--per-document", type=int, default=5, help="questions on each document")
    parser.add_argument("--characters", type=int, default=2000, help="length of each document")
    parser.add_argument("--profile", default="", help="append profiles to this file; they slow the run down")
    given = parser.parse_args()

    dataset = dataset_of(given.questions, given.per_document, given.characters)
    strategies = [ClosedBook(), ChunkedRetrieval(k=3)]
    rows = given.questions * len(strategies)
    sys.stdout.write(
        f"{given.questions:,} questions x {len(strategies)} strategies, documents of {given.characters:,} "
        "characters\n\n| what | CPU seconds | ms per row | peak memory |\n|---|---:|---:|---:|\n"
    )
    with tempfile.TemporaryDirectory() as folder:

        def run(part: str) -> Experiment:
            return Experiment(
                dataset, instant_reader(), strategies, retriever=BM25Retriever(),
                output=Path(folder) / part, mlflow=False,
            )  # fmt: skip

        Experiment(
            dataset_of(2, 1, 200), instant_reader(), strategies, retriever=BM25Retriever(),
            output=Path(folder) / "warm", mlflow=False,
        ).run()  # fmt: skip
        for what in ("run", "finished run again"):
            seconds = measured(run("run").run, given.profile)
            peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
            sys.stdout.write(f"| {what} | {seconds:.1f} | {1000 * seconds / rows:.2f} | {peak:,.0f} MiB |\n")
            sys.stdout.flush()


if __name__ == "__main__":
    main()
