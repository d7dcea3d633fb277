"""A run that is killed again and again, against a server that counts what it is asked."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

RUN = """
import sys
from lcrag import Experiment
from lcrag.readers import OpenAIReader
from lcrag.datasets.files import load_files
from lcrag.strategies import ClosedBook, LongContext, MemoryReading, RetrieveThenReason
from lcrag.testing.world import WordEmbedder
from retrievers.bm25 import BM25Retriever

url, data, output = sys.argv[1:]
strategies = [ClosedBook(), MemoryReading(chunk_chars=300, keys="value+fact"), LongContext(), RetrieveThenReason()]
Experiment(
    dataset=load_files(data, data + "/questions.jsonl"), reader=OpenAIReader("m", url, max_concurrency=1),
    strategies=strategies, output=output, retriever=BM25Retriever(), embedder=WordEmbedder(), mlflow="",
).run()
"""
KILLED_AFTER = (3, 8, 13, 17, 21)  # calls: in a build, between and within answers


@pytest.mark.slow
def test_nothing_is_lost_and_little_is_paid_twice(small, running_server, tmp_path, record_property):
    """One request at a time, so that at most one answer (two calls) is in the air when the run dies."""
    for document in small.documents:
        (tmp_path / f"{document.id}.txt").write_text(document.text)
    lines = [
        {"question": q.text, "documents": f"{q.document_ids[0]}.txt", "answers": q.answers}
        for q in small.questions
    ]
    (tmp_path / "questions.jsonl").write_text("\n".join(map(json.dumps, lines)))

    def start(output):
        command = [sys.executable, "-c", RUN, running_server.url, str(tmp_path), str(tmp_path / output)]
        return subprocess.Popen(command, env=os.environ | {"PYTHONPATH": str(Path(__file__).parents[2])})

    running_server.start_anew()
    assert start("whole").wait(300) == 0
    whole = len(running_server.calls)

    running_server.start_anew()
    for calls in KILLED_AFTER:
        process = start("killed")
        while len(running_server.calls) < calls and process.poll() is None:
            time.sleep(0.001)
        process.send_signal(signal.SIGKILL)
        process.wait()
    assert start("killed").wait(300) == 0
    twice = len(running_server.calls) - whole

    def rows(output):
        entries = map(json.loads, (tmp_path / output / "outcomes.jsonl").read_text().splitlines())
        return sorted(
            (e["key"], e["outcome"]["answer"], e["outcome"]["prompt_hash"], tokens(e)) for e in entries
        )

    def tokens(entry):
        booked = entry["outcome"]["usage"]["entries"].values()
        return round(sum(u["prompt_tokens"] + u["completion_tokens"] for u in booked), 6)

    record_property("trust", f"{len(KILLED_AFTER)} kills: {len(rows('killed'))} of {len(rows('whole'))} rows, the same "
                             f"tokens; {twice} of {whole} calls made twice")  # fmt: skip
    assert rows("killed") == rows("whole")
    assert 0 <= twice <= 2 * len(KILLED_AFTER)
