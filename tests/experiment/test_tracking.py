"""A run in a real MLflow store: runs, parameters, metrics, tables, times, and going on in the same runs."""

import json
import sqlite3
import time
from contextlib import suppress
from dataclasses import replace

import pytest

from lcrag.experiment.tracking.log import log_to_mlflow
from lcrag.experiment.tracking.ui import last_experiment
from lcrag.experiment.tracking.values import flat, named, small_table
from lcrag.schema import Document
from lcrag.strategies import ChunkedRetrieval, ClosedBook, LongContext

mlflow = pytest.importorskip("mlflow")


@pytest.fixture(autouse=True)
def folder(tmp_path, monkeypatch):
    """MLflow puts artifacts into the current folder."""
    monkeypatch.chdir(tmp_path)


@pytest.fixture
def family(store):
    """The parents and the other runs of an MLflow experiment, the latter by name."""

    def read(name):
        client = mlflow.MlflowClient(store)
        runs = client.search_runs([client.get_experiment_by_name(name).experiment_id])
        parents = [r for r in runs if r.data.tags["lcrag.kind"] == "experiment"]
        return client, parents, {r.info.run_name: r for r in runs if r not in parents}

    return read


@pytest.fixture
def two_lengths(dataset):
    """One document of less than 1024 tokens and one of up to 4096; kinds with odd characters."""
    north, south = dataset.documents
    kinds = {"location": "Q&A (2 hops)", "reasoning": "Q+A (2 hops)", "comparison": "low"}
    return replace(
        dataset,
        documents=(north, Document(south.id, south.text + "Lamps give light. " * 500)),
        questions=tuple(replace(q, kind=kinds.get(q.kind, q.kind)) for q in dataset.questions),
        benchmark="own",
    )


def test_what_a_run_leaves_in_mlflow(experiment, two_lengths, store, family):
    before = mlflow.get_tracking_uri()
    strategies = [ClosedBook(), ChunkedRetrieval(k=2), LongContext()]
    run = experiment(dataset=two_lengths, mlflow=store, mlflow_experiment="whole", strategies=strategies)
    results = run.run()
    assert results.problems == ()
    assert mlflow.get_tracking_uri() == before and mlflow.active_run() is None
    client, (parent,), children = family("whole")
    assert set(children) == set(results.comparison.table["name"])
    assert {r.data.tags["mlflow.parentRunId"] for r in children.values()} == {parent.info.run_id}
    assert parent.data.tags["mlflow.note.content"] == results.comparison.verdict  # the run's description

    assert parent.data.params["reader"] == "ScriptedReader"
    assert parent.data.params["strategies.chunked_retrieval.k"] == "2"
    rag, reading, closed = (children[n].data for n in ("chunked_retrieval", "long_context", "closed_book"))
    assert rag.params["k"] == "2" and rag.params["model"] == "scripted" and rag.params["dataset"] == "tiny"
    assert rag.params["retriever"] == "BM25Retriever"  # the experiment's: the strategy names none
    assert "retriever.chunker.size" in rag.params and rag.params["questions"] == "6"
    assert closed.params["retriever"] == closed.params["embedder"] == "none"

    assert reading.metrics["accuracy"] == 1.0 and "flops" not in reading.metrics
    row = results.comparison.table.set_index("name").loc["closed_book"]
    assert (closed.metrics["accuracy_low"], closed.metrics["accuracy_high"]) == (row.low, row.high)
    assert {"accuracy_Q_A _2 hops_", "accuracy_Q_A _2 hops__2", "accuracy_hallucination"} <= set(
        reading.metrics
    )
    assert "accuracy_low_2" in closed.metrics  # the kind of that name beside the interval
    assert "seconds_p95" in reading.metrics
    lengths = client.get_metric_history(children["closed_book"].info.run_id, "accuracy_by_length")
    by_length = results.comparison.by_slice["length"].loc["closed_book"]
    sizes = {"up to 1k": 1024, "1k-2k": 2048, "2k-4k": 4096}
    assert {m.step: m.value for m in lengths} == {sizes[k]: v for k, v in by_length.items()}
    assert len(lengths) == 2
    places = [m for m in reading.metrics if m.startswith("accuracy_evidence_at_")]
    assert len(places) == results.comparison.by_slice["evidence_at"].shape[1]

    assert {k: v for k, v in rag.tags.items() if k.startswith("lcrag.")} == {
        "lcrag.kind": "strategy", "lcrag.strategy": "chunked_retrieval", "lcrag.model": "scripted",
        "lcrag.dataset": "tiny", "lcrag.benchmark": "own",
    }  # fmt: skip
    assert children["lara_rule"].data.tags["lcrag.kind"] == "router"
    assert parent.inputs.dataset_inputs[0].dataset.name == "tiny"
    names = {a.path for a in client.list_artifacts(parent.info.run_id)}
    assert {
        "report.html",
        "outcomes.parquet",
        "environment.json",
        "outcomes.json",
        "accuracy_cost.png",
        "parameters.json",
    } <= names
    (table,) = json.loads(parent.data.tags["mlflow.loggedArtifacts"])
    assert table == {"path": "outcomes.json", "type": "table"}  # the UI opens it as one
    assert results.tracked.address.endswith(
        f"/#/experiments/{parent.info.experiment_id}/runs?viewStateShareKey=lcrag"
    )
    view = json.loads(client.get_experiment(parent.info.experiment_id).tags["mlflow.sharedViewState.lcrag"])
    assert view["selectedColumns"][:2] == ["metrics.`accuracy`", "metrics.`accuracy_low`"]
    assert last_experiment(store) == parent.info.experiment_id
    with sqlite3.connect(store.removeprefix("sqlite:///")) as database:
        assert database.execute("select count(*) from runs where status != 'FINISHED'").fetchone() == (0,)


def test_a_rerun_goes_on_in_the_same_mlflow_runs(experiment, scripted, store, family, tmp_path):
    reader = scripted()
    settings = {"mlflow": store, "mlflow_experiment": "again", "reader": reader}
    experiment(**settings).run()
    client, (first,), children = family("again")
    calls, journal = len(reader.requests), (tmp_path / "out" / "outcomes.jsonl").read_text()
    times = [json.loads(line)["times"] for line in journal.splitlines()]
    assert first.info.start_time == int(1000 * min(t[0] for t in times))  # of the answers, not of the logging
    assert first.info.end_time == int(1000 * max(t[1] for t in times))
    assert children["long_context"].info.start_time >= first.info.start_time
    assert children["long_context"].info.end_time <= first.info.end_time

    again = experiment(**settings).run()
    assert again.problems == () and len(reader.requests) == calls
    _, (parent,), same = family("again")
    assert parent.info.run_id == first.info.run_id and parent.info.end_time == first.info.end_time
    assert {n: r.info.run_id for n, r in same.items()} == {n: r.info.run_id for n, r in children.items()}
    assert client.get_metric_history(parent.info.run_id, "best_accuracy")[1:] == []  # logged once
    assert len(mlflow.artifacts.load_dict(f"{parent.info.artifact_uri}/outcomes.json")["data"]) == 18

    given = {
        "tracking_uri": store,
        "experiment": "again",
        "run_name": "tiny",
        "folder": again.output,
        "figures": {},
    }
    changed = {"parameters": {"seed": 1}}  # MLflow lets nobody change a parameter: that is another run
    other = log_to_mlflow(again.table, again.comparison, **given, **changed).run_id
    assert other != first.info.run_id
    assert log_to_mlflow(again.table, again.comparison, **given, **changed).run_id == other
    client.delete_run(other)
    third = log_to_mlflow(again.table, again.comparison, **given, **changed).run_id
    assert third not in {first.info.run_id, other}


def test_progress_is_in_mlflow_while_the_run_goes_and_a_stopped_run_goes_on(
    experiment, store, family, monkeypatch
):
    monkeypatch.setattr("lcrag.experiment.tracking.live.FIRST_SECONDS", 0)
    monkeypatch.setattr("lcrag.experiment.tracking.live.INTERVAL_SECONDS", 0.05)
    settings, rows = {"mlflow": store, "mlflow_experiment": "live"}, []

    def stop_when_it_is_seen(outcome, resumed):
        rows.append(outcome)
        until = time.monotonic() + 30
        while len(rows) == 8 and time.monotonic() < until:
            with suppress(AttributeError, IndexError, KeyError):
                if family("live")[1][0].data.metrics["progress/answers"] == 8:
                    raise RuntimeError("seen")
            time.sleep(0.1)

    with pytest.raises(RuntimeError, match="seen"):
        experiment(**settings).run(stop_when_it_is_seen)
    _, (parent,), children = family("live")
    assert parent.info.status == "KILLED" and {c.info.status for c in children.values()} == {"KILLED"}
    assert parent.data.params["strategies.chunked_retrieval.k"] == "2"
    answers = {name: c.data.metrics["progress/answers"] for name, c in children.items()}
    assert sum(answers.values()) == 8

    results = experiment(**settings).run()
    _, (same,), all_children = family("live")
    assert same.info.run_id == parent.info.run_id == results.tracked.run_id
    assert same.info.status == "FINISHED" and same.info.start_time == parent.info.start_time
    assert {n: all_children[n].info.run_id for n in children} == {
        n: c.info.run_id for n, c in children.items()
    }
    assert all_children["chunked_retrieval"].data.params["embedder"] == "none"


def test_log_to_mlflow_nests_under_an_active_run(experiment, store):
    results = experiment().run()
    mlflow.set_tracking_uri(store)
    try:
        mlflow.set_experiment("outer")
        with mlflow.start_run() as outer:
            run = log_to_mlflow(
                results.table, results.comparison, tracking_uri=store, experiment="outer", run_name="inner",
                parameters={"long": "x" * 9000}, folder=results.output, figures={},
            ).run_id  # fmt: skip
        logged = mlflow.get_run(run).data
        assert logged.tags["mlflow.parentRunId"] == outer.info.run_id
        assert len(logged.params["long"]) == 6000 and logged.params["long"].endswith("…")
    finally:
        mlflow.set_tracking_uri(None)


def test_nested_settings_are_flat_parameters():
    settings = {"retriever": {"type": "BM25", "chunker": {"type": "C", "size": 9}, "stop": ["a", "b"]},
                "strategies": [{"name": "a (k=2)", "k": 2}, {"name": "b", "k": 3}], "steps": [{"n": 1}, {"n": 2}],
                "none": None, "prices": {}}  # fmt: skip
    assert flat(settings) == {
        "retriever": "BM25", "retriever.chunker": "C", "retriever.chunker.size": "9",
        "retriever.stop": '["a", "b"]', "strategies.a _k_2_.name": "a (k=2)", "strategies.a _k_2_.k": "2",
        "strategies.b.name": "b", "strategies.b.k": "3", "steps.0.n": "1", "steps.1.n": "2", "none": "None",
        "prices": "{}",
    }  # fmt: skip
    assert named([("../x//y: café", 1.0)]) == [(".._x__y_ caf_", 1.0)]


def test_a_large_table_is_cut_to_whole_questions():
    import pandas as pd

    rows = [{"question_id": f"q{i}", "strategy": s, "answer": "x" * 5000} for s in "abc" for i in range(900)]
    table = small_table(pd.DataFrame(rows))
    assert len(table) == 999 and set(table["strategy"].value_counts()) == {333}
    assert set(table["answer"].str.len()) == {1000}
