"""Connections end with the event loop that they belong to."""

from __future__ import annotations

import subprocess
import sys

import pytest

from tests.readers.scripted_server import Server

TWO_RUNS = """
import gc, sys
from lcrag import ChunkedRetrieval, Experiment, OpenAIReader
from lcrag.testing.world import WordEmbedder, dataset
from retrievers.bm25 import BM25Retriever

url, folder = sys.argv[1:]
reader = OpenAIReader("m", url)
for n in range(2):
    run = Experiment(dataset=dataset(), reader=reader, strategies=[ChunkedRetrieval(k=2)], retriever=BM25Retriever(),
                     embedder=WordEmbedder(), output=f"{folder}/{n}", mlflow="").run()
    assert not run.failed
    gc.collect()
del reader, run
gc.collect()
"""


@pytest.mark.slow
def test_two_runs_in_one_process_say_nothing(server: Server, tmp_path):
    command = [sys.executable, "-W", "ignore", "-W", "always::ResourceWarning"]
    done = subprocess.run(
        [*command, "-c", TWO_RUNS, server.url, str(tmp_path)], capture_output=True, text=True, timeout=300
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert len(server.seen) == 10


async def test_a_long_lived_loop_keeps_its_connection(server: Server):
    from tests.readers.test_openai import ASK, OpenAIReader

    reader = OpenAIReader("m", server.url)
    for _ in range(3):
        await reader.generate(ASK)
    assert len(server.connections) == 1
