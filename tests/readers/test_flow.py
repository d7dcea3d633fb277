"""Concurrency that is found by itself, deadlines of questions, and runs that leave nothing running."""

from __future__ import annotations

import asyncio
import json
import signal
import subprocess
import sys
import threading
import time

import pytest

import lcrag
from lcrag.components.build import build
from lcrag.errors import LcragError
from lcrag.experiment.config import from_mapping
from lcrag.experiment.executors import Batch, LocalExecutor
from lcrag.readers import Message, OpenAIReader, Request, ResponseCache, ScriptedReader
from lcrag.readers.flow import Flow, Gate, _flows, flow_at
from lcrag.schema import Question, Step
from lcrag.strategies import ChunkedRetrieval, ClosedBook, LongContext
from retrievers.bm25 import BM25Retriever
from tests.readers.scripted_server import SILENT, Server, reply

TRIES = 3  # of what depends on times: other work on the machine may spoil one
BUSY = (429, {"error": {"message": "too many", "code": 429}}, {"Retry_After": "0.02"})


class Host:
    """Says 429 above so many requests at once; with ``queues`` it lets them wait instead."""

    def __init__(self, server: Server, places: int, seconds: float, queues: bool = False) -> None:
        self.places, self.seconds, self.queues = places, seconds, queues
        self.lock, self.turn = threading.Lock(), threading.Semaphore(places)
        self.inside = self.refused = self.answered = 0
        server.rule = self.rule

    def rule(self, body):
        with self.lock:
            if self.inside >= self.places and not self.queues:
                self.refused += 1
                return BUSY
            self.inside += 1
        if self.queues:
            with self.turn:
                time.sleep(self.seconds)
        else:
            time.sleep(self.seconds)
        with self.lock:
            self.inside -= 1
            self.answered += 1
        return 200, reply(), {}


async def ask(reader, count, executor=LocalExecutor("auto")):
    """So many questions through the executor; the limits of the host after each answer."""
    limits = []

    async def answer(question, strategy):
        await reader.generate(Request((Message("user", question.text),), seed=0))
        limits.append(flow_at(reader.host).limit)

    questions = tuple(Question(f"q{n}", f"{n}?", ()) for n in range(count))
    await executor.run([Batch(ClosedBook(), questions, leader=False)], answer, reader)
    return limits


@pytest.mark.parametrize("places", [3, 10])
async def test_it_finds_how_many_requests_a_host_takes(server: Server, places):
    for _ in range(TRIES):
        _flows.clear()
        host = Host(server, places, 0.01 * places)
        reader = OpenAIReader("m", server.url, max_concurrency=64)
        limits = await ask(reader, 200)
        late = sorted(limits[len(limits) // 2 :])[len(limits) // 4]
        assert host.answered == 200 and flow_at(reader.host).refusals == host.refused
        if places - 2 <= late <= places + 2 and host.refused <= 40:
            return
    raise AssertionError((late, host.refused))


async def test_a_host_that_lets_requests_wait_is_not_flooded(server: Server):
    for _ in range(TRIES):
        _flows.clear()
        Host(server, 4, 0.08, queues=True)
        limits = await ask(OpenAIReader("m", server.url, max_concurrency=64), 150)
        if 4 <= limits[-1] <= 16:
            return
    raise AssertionError(limits[-1])


async def test_the_bounds_hold_and_readers_on_a_host_share_them(server: Server):
    host = Host(server, 2, 0.01)
    reader = OpenAIReader("m", server.url, max_concurrency=6)
    limits = await ask(reader, 40, LocalExecutor("auto", min_concurrency=3))
    assert set(limits) <= {3, 4, 5, 6} and host.answered == 40
    assert flow_at(OpenAIReader("n", f"{server.url}/").host) is flow_at(reader.host) is not None


async def test_a_hung_host_is_asked_less(server: Server):
    server.rule = lambda body: (SILENT, None, {})
    reader = OpenAIReader("m", server.url, max_concurrency=8, timeout=0.2, retry_seconds=0.5)
    with pytest.raises(LcragError, match=r"did not answer within 0\.2 seconds"):
        await ask(reader, 8)
    flow = flow_at(reader.host)
    assert flow.limit <= 2 and flow.gate.inside == 0


async def test_a_fixed_number_stays(server: Server):
    host = Host(server, 100, 0.01)
    peak = 0

    async def answer(question, strategy):
        nonlocal peak
        await OpenAIReader("m", server.url).generate(Request((Message("user", question.text),)))
        peak = max(peak, host.inside + 1)

    questions = tuple(Question(f"q{n}", f"{n}?", ()) for n in range(20))
    batch = [Batch(ClosedBook(), questions, leader=False)]
    await LocalExecutor(3).run(batch, answer, OpenAIReader("m", server.url))
    assert flow_at(OpenAIReader("m", server.url).host) is None and peak <= 3


def test_rises_and_falls():
    flow = Flow(1, 100)

    def round(count):
        flow._is_full = True
        for _ in range(count):
            flow.answered()

    flow._since -= 1000  # the reference: few answers per second
    round(4)
    assert flow.limit == 8
    flow.refused(0)
    flow.refused(0)  # sent before the limit fell: counts once
    assert flow.limit == 5 and flow.refusals == 2
    round(5)
    assert flow.limit == 6
    flow.refused(1)
    assert flow.limit == 5  # one less was good
    round(5)
    assert flow.limit == 5  # the next is tried with patience
    round(5)
    assert flow.limit == 6


async def test_a_gate_forgets_whoever_stops_waiting():
    gate = Gate(lambda: 1)
    await gate.enter()
    waiting = [asyncio.ensure_future(gate.enter()) for _ in range(3)]
    await asyncio.sleep(0)
    waiting[0].cancel()
    gate.leave()  # gives the place to the second while the first is cancelled
    waiting[1].cancel()
    await asyncio.sleep(0.01)
    assert gate.inside == 1 and waiting[2].done() and not waiting[2].cancelled()
    gate.leave()
    assert gate.inside == 0


def test_yaml(tmp_path):
    assert build("executor", {"type": "local", "concurrency": "auto"}, "x") == LocalExecutor("auto")
    assert build("executor", {"type": "local", "concurrency": 3}, "x") == LocalExecutor(3)
    with pytest.raises(LcragError, match="min_concurrency = 0"):
        LocalExecutor("auto", 0)
    (tmp_path / "a.txt").write_text("Kites need wind.")
    (tmp_path / "q.jsonl").write_text('{"question": "What?", "documents": "a.txt", "answers": "x"}')
    spec = {"dataset": {"type": "files", "documents": ".", "questions": "q.jsonl"},
            "reader": {"type": "openai", "model": "m"},
            "strategies": ["closed_book"], "embedder": "lcrag.testing.world:WordEmbedder"}  # fmt: skip
    assert from_mapping(spec | {"deadline_s": 2}, folder=tmp_path).deadline_s == 2.0
    for bad in (0, "soon", True):
        with pytest.raises(LcragError, match=r"deadline_s: .* is not a number of seconds above 0"):
            from_mapping(spec | {"deadline_s": bad}, folder=tmp_path)


async def test_a_cached_reader_is_paced_as_the_one_within(tmp_path, server: Server):
    reader = OpenAIReader("m", server.url)
    assert ResponseCache(reader, tmp_path / "c.sqlite").host == reader.host == server.url.split("/")[2]
    assert ResponseCache(ScriptedReader([]), tmp_path / "c.sqlite").host == ""


def compare(dataset, reader, embedder, folder, **changes):
    given = {"retriever": BM25Retriever(), "embedder": embedder, "output": folder, "mlflow": ""}
    return lcrag.Experiment(dataset, reader, [LongContext()], **given | changes)


def test_a_question_over_its_deadline_is_a_failed_row_and_is_tried_again(
    tmp_path, dataset, scripted, embedder
):
    class Slow(ScriptedReader):
        async def generate(self, request):
            if "founded" in request.messages[-1].content.rpartition("Question")[2]:
                await asyncio.sleep(60)
            return await super().generate(request)

    started = time.monotonic()
    slow = Slow(scripted().answers, name="scripted")
    first = compare(dataset, slow, embedder, tmp_path, deadline_s=0.3).run()
    assert time.monotonic() - started < 30
    told = "It took longer than its deadline of 0.3 seconds: raise deadline_s, or run again."
    assert [(row.question_id, row.error) for row in first.failed] == [("n1", told)]


def test_a_run_that_is_over_its_deadline_goes_on_when_it_is_continued(tmp_path, dataset, scripted, embedder):
    slow = scripted(delay=0.2)
    first = compare(dataset, slow, embedder, tmp_path, deadline_s=0.02).run()
    assert len(first.failed) == 6
    again = compare(dataset, scripted(), embedder, tmp_path, deadline_s=20).run()
    assert not again.failed


def test_what_was_built_too_slowly_is_built_anew_for_the_features(tmp_path, dataset, scripted, embedder):
    class Slow(BM25Retriever):
        def build(self, texts):
            time.sleep(0.4)
            return super().build(texts)

    class Hasty(ChunkedRetrieval):
        async def answer(self, question, tools):
            tools.steps.append(Step("retrieve", question.text, ""))
            return await super().answer(question, tools)

    changes = {"retriever": Slow(), "deadline_s": 0.1}
    given = {"embedder": embedder, "output": tmp_path, "mlflow": "", **changes}
    results = lcrag.Experiment(dataset, scripted(), [Hasty(k=2)], **given).run()
    assert len(results.failed) == 6 and not results.problems
    assert results.table["feature_retrieval_top"].notna().all()


async def test_cancelling_a_run_leaves_no_task(tmp_path, dataset, scripted, embedder):
    before = asyncio.all_tasks()
    run = asyncio.ensure_future(compare(dataset, scripted(delay=60), embedder, tmp_path).run_async())
    while not (tmp_path / ".lock").exists():
        await asyncio.sleep(0.01)
    await asyncio.sleep(0.1)
    run.cancel()
    with pytest.raises(asyncio.CancelledError):
        await run
    assert asyncio.all_tasks() == before


SCRIPT = """
import sys
from lcrag import Experiment
from lcrag.datasets.base import Dataset
from lcrag.readers import OpenAIReader
from lcrag.schema import Document, Question
from lcrag.strategies import LongContext
from lcrag.testing.world import WordEmbedder
from retrievers.bm25 import BM25Retriever
questions = [Question(f"q{n}", f"{n}?", ("a",), ("x",)) for n in range(9)]
dataset = Dataset("d", [Document("a", "Kites need wind.")], questions)
Experiment(dataset, OpenAIReader("m", sys.argv[1], max_model_len=4096), [LongContext()], output=sys.argv[2],
           retriever=BM25Retriever(), embedder=WordEmbedder(), mlflow="").run()
"""


@pytest.mark.parametrize(("sign", "status"), [(signal.SIGINT, -2), (signal.SIGTERM, 143)])
def test_a_signal_ends_a_run_at_once_and_finished_rows_stay(tmp_path, server: Server, sign, status):
    answered = iter(range(3))
    server.rule = lambda body: (200, reply(), {}) if next(answered, None) is not None else (SILENT, None, {})
    server.delay.wait = lambda seconds: threading.Event().wait(30)  # longer than the test
    process = subprocess.Popen(
        [sys.executable, "-c", SCRIPT, server.url, str(tmp_path / "out")], stderr=subprocess.PIPE, text=True,
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),  # a shell's background jobs ignore it
    )  # fmt: skip
    journal, started = tmp_path / "out" / "outcomes.jsonl", time.monotonic()
    while (len(server.seen) < 6 or journal.read_text().count("\n") < 3) and time.monotonic() - started < 120:
        time.sleep(0.02)
    process.send_signal(sign)
    process.communicate(timeout=20)
    assert process.returncode == status
    assert len([json.loads(line) for line in journal.read_text().splitlines()]) == 3
