"""The executor on Ray: the outcomes of a local run, whatever dies meanwhile."""

import json
import os
import re
import signal
import threading
from pathlib import Path

import pytest
from pandas.testing import assert_frame_equal

import lcrag
from lcrag.components import build
from lcrag.datasets.base import Dataset
from lcrag.errors import LcragError, ReaderUnavailable
from lcrag.experiment.executors.base import Batch
from lcrag.experiment.executors.ray import RayExecutor, sharded
from lcrag.readers.scripted import ScriptedReader
from lcrag.schema import Document, Question
from lcrag.strategies import ChunkedRetrieval, ClosedBook, ClueMemory, LongContext, SelfRoute
from lcrag.testing.world import WordEmbedder
from retrievers import HybridRetriever, RecursiveChunker


def founded(i):
    return str(1900 + i)


DATA = Dataset(
    "companies",
    tuple(
        Document(
            f"d{i}", f"Company {i} sells kites. " * 20 + f"It was founded in {founded(i)}. " + "Wind. " * 40
        )
        for i in range(8)
    ),
    tuple(
        Question(f"q{i}-{j}", f"When was company {i} founded? ({j})", (f"d{i}",), (founded(i),))
        for i in range(8)
        for j in range(3)
    ),
)


class Answering:
    """Answers with the year that the prompt shows, and writes down who asked for what in which process."""

    def __init__(self, log):
        self.log = str(log)

    def __call__(self, request):
        prompt = request.messages[-1].content
        with Path(self.log).open("a") as file:
            file.write(json.dumps([os.getpid(), request.cache_salt, prompt]) + "\n")
        year = re.search(r"founded in (\d+)", prompt)
        return year[1] if year else "unanswerable"

    def entries(self):
        path = Path(self.log)
        return [json.loads(line) for line in path.read_text().splitlines()] if path.exists() else []


def experiment(folder, answers, **changes):
    embedder = WordEmbedder()
    strategies = [
        ClosedBook(), ChunkedRetrieval(k=2), ChunkedRetrieval("corpus", k=2, scope="corpus"), LongContext(),
        SelfRoute(k=1), ClueMemory(chunk_chars=300),
    ]  # fmt: skip
    given = {"reader": ScriptedReader(answers, delay=0.01, max_concurrency=4), "strategies": strategies,
             "output": folder, "retriever": HybridRetriever(embedder, RecursiveChunker(200, 0)),
             "embedder": embedder, "mlflow": ""}  # fmt: skip
    return lcrag.Experiment(DATA, **given | changes)


def comparable(results):
    """Everything but measured seconds; which of a document's questions came first and warmed its prefix is chance."""
    table = results.table.sort_values(["strategy", "question_id"]).reset_index(drop=True)
    cached = [c for c in table if c.endswith("cached_tokens")]
    table[cached] = table.groupby(["strategy", "document_id"])[cached].transform("sum")
    return table[[c for c in table if not c.endswith("seconds")]]


@pytest.fixture(scope="module")
def cluster():
    ray = pytest.importorskip("ray")
    ray.init(num_cpus=4, include_dashboard=False, log_to_driver=False)
    yield ray
    ray.shutdown()


@pytest.fixture(scope="module")
def local(tmp_path_factory):
    folder = tmp_path_factory.mktemp("local")
    answers = Answering(folder / "asked.jsonl")
    return comparable(experiment(folder / "out", answers).run()), answers.entries()


@pytest.mark.slow
def test_outcomes_and_costs_are_those_of_a_local_run(cluster, local, tmp_path):
    table, asked = local
    answers = Answering(tmp_path / "asked.jsonl")
    results = experiment(tmp_path / "out", answers, executor=RayExecutor(actors=3)).run()
    assert_frame_equal(comparable(results), table)
    entries = answers.entries()
    assert len({pid for pid, *_ in entries}) == 3 and os.getpid() not in {pid for pid, *_ in entries}
    assert sorted(e[1:] for e in entries) == sorted(e[1:] for e in asked)
    whole = {(pid, prompt[:200]) for pid, salt, prompt in entries if salt == "long_context"}
    assert len(whole) == len(DATA.documents)  # each document's prompts went to one actor


@pytest.mark.slow
def test_a_killed_worker_loses_nothing_and_pays_nothing_twice(cluster, local, tmp_path):
    table, asked = local
    answers = Answering(tmp_path / "asked.jsonl")
    lock, killed, finished = threading.Lock(), [], []

    def kill_one(outcome, resumed):
        with lock:
            finished.append(outcome)
            if len(finished) in {20, 60}:
                killed.append(next(pid for pid, *_ in reversed(answers.entries()) if pid not in killed))
                os.kill(killed[-1], signal.SIGKILL)

    executor = RayExecutor(actors=2, resources_per_actor={"num_cpus": 2})
    results = experiment(tmp_path / "out", answers, executor=executor).run(kill_one)
    assert len(killed) == 2 and len(finished) == len(table)
    assert not results.table.error.any()
    assert_frame_equal(comparable(results), table)
    entries = answers.entries()
    assert len({pid for pid, *_ in entries}) >= 3  # another actor was started
    in_flight = 2 * 4  # calls that the dead actors had not finished are made again, and no others
    assert len(asked) <= len(entries) <= len(asked) + in_flight


@pytest.mark.slow
def test_a_run_goes_on_with_another_executor(cluster, local, tmp_path):
    table, asked = local
    answers = Answering(tmp_path / "asked.jsonl")

    class Stopped(Exception):
        pass

    def stop(outcome, resumed):
        if len(answers.entries()) > len(asked) // 2:
            raise Stopped

    with pytest.raises(Stopped):
        experiment(tmp_path / "out", answers, executor=RayExecutor()).run(stop)
    results = experiment(tmp_path / "out", answers).run()
    assert_frame_equal(comparable(results), table)
    assert len(answers.entries()) <= len(asked) + 2 * 4


@pytest.mark.slow
def test_actors_in_placement_groups(cluster, local, tmp_path):
    answers = Answering(tmp_path / "asked.jsonl")
    executor = RayExecutor(2, {"num_cpus": 1}, bundles_per_actor=2, placement="STRICT_PACK")
    results = experiment(tmp_path / "out", answers, executor=executor, strategies=[LongContext()]).run()
    assert results.table.score.tolist() == [1.0] * len(DATA.questions)
    assert cluster.available_resources()["CPU"] == 4  # all is given back


@pytest.mark.slow
def test_what_cannot_start_or_cannot_travel_is_told(cluster, tmp_path):
    answers = Answering(tmp_path / "asked.jsonl")
    greedy = RayExecutor(1, {"num_cpus": 1, "num_gpus": 8}, start_seconds=2)
    with pytest.raises(ReaderUnavailable, match=r"No Ray actor with .*'num_gpus': 8.* could be started"):
        experiment(tmp_path / "a", answers, executor=greedy).run()
    lock = threading.Lock()
    own = ScriptedReader(lambda request: "1900" if lock else "")
    results = experiment(
        tmp_path / "b", answers, reader=own, executor=RayExecutor(1), strategies=[ClosedBook()]
    )
    assert "cannot be sent to another process" in results.run().table.error[0]


def test_documents_are_not_divided():
    questions = DATA.questions
    batches = [Batch(ChunkedRetrieval(), questions, leader=False)]
    batches += [Batch(LongContext(n), questions[i : i + 3], leader=True) for n in "ab" for i in (0, 3, 6)]
    shards = list(sharded(batches, 4))
    retrieving = [s[0].questions for s in shards if not s[0].leader]
    assert [len(q) for q in retrieving] == [6, 6, 6, 6]
    assert sum(retrieving, ()) == questions
    reading = [s for s in shards if s[0].leader]
    assert [[b.strategy.name for b in s] for s in reading] == [["a", "b"]] * 3


def test_yaml_names_it_and_its_settings():
    spec = {"type": "ray", "actors": 8, "resources_per_actor": {"num_gpus": 1}, "placement": "STRICT_PACK"}
    assert build("executor", spec, "here") == RayExecutor(8, {"num_gpus": 1}, placement="STRICT_PACK")
    with pytest.raises(LcragError, match="placement: 'TIGHT' does not fit"):
        build("executor", {"type": "ray", "placement": "TIGHT"}, "here")
    with pytest.raises(LcragError, match="actors = 0; give 1 or more"):
        build("executor", {"type": "ray", "actors": 0}, "here")


def test_without_ray_one_sentence_says_what_to_install(tmp_path, monkeypatch):
    monkeypatch.setitem(__import__("sys").modules, "ray", None)
    with pytest.raises(ReaderUnavailable, match=r"pip install 'lcrag\[ray\]'"):
        experiment(tmp_path, Answering(tmp_path / "x"), executor=RayExecutor()).run()
