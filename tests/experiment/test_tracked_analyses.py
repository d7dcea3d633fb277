"""Replays, costs, budget curves and checks of judges in a real MLflow store."""

import re
from pathlib import Path

import pytest
from typer.testing import CliRunner

from lcrag.cli import app
from lcrag.experiment.tracking.analyses import log_analysis
from lcrag.experiment.tracking.curves import budget_analysis, judge_analysis, savings_analysis

mlflow = pytest.importorskip("mlflow")


@pytest.fixture(autouse=True)
def folder(tmp_path, monkeypatch):
    """MLflow puts artifacts into the current folder."""
    monkeypatch.chdir(tmp_path)


def runs_of(store, name):
    client = mlflow.MlflowClient(store)
    return client, {
        r.info.run_name: r for r in client.search_runs([client.get_experiment_by_name(name).experiment_id])
    }


def test_what_questions_cost_is_logged_by_number_of_questions(store):
    command = [
        "cost",
        "--model",
        "gpt-4.1",
        "--questions",
        "100",
        "--tracking-uri",
        store,
        "--experiment",
        "costs",
    ]
    result = CliRunner().invoke(app, command)
    assert result.exit_code == 0, result.output
    assert "MLflow   lcrag ui" in result.output
    client, runs = runs_of(store, "costs")
    assert runs["cost of gpt-4.1"].data.params["document"] == "100000"
    warm = runs["long context, warm"]
    assert warm.data.tags["mlflow.parentRunId"] == runs["cost of gpt-4.1"].info.run_id
    prices = {m.step: m.value for m in client.get_metric_history(warm.info.run_id, "dollars_per_question")}
    assert [*prices] == [1, 10, 100] and prices[100] < prices[1]


def test_a_replay_has_a_run_for_each_row_of_its_table(store, experiment):
    run = str(experiment().run().output)
    command = ["replay", run, "--router", "random", "--folds", "2", "--tracking-uri", store]
    command += ["--experiment", "replays"]
    result = CliRunner().invoke(app, command)
    assert result.exit_code == 0, result.output
    client, runs = runs_of(store, "replays")
    assert {"oracle", "random_router", "long_context"} <= runs.keys()
    parent = runs[f"replay {run}"]
    assert parent.data.params["folds"] == "2" and parent.data.tags["lcrag.kind"] == "replay"
    assert runs["oracle"].data.metrics["accuracy"] == 1.0
    assert "routing.json" in {a.path for a in client.list_artifacts(parent.info.run_id)}


@pytest.fixture(scope="module")
def curves():
    """A budget curve and a savings curve of eight questions."""
    from lcrag.allocation import savings_curve
    from lcrag.scaling import budget_curve

    quality, cost = [[0.0, 1.0]] * 8, [[10.0, 100.0]] * 8
    documents = [f"d{i}" for i in range(8)]
    curve = budget_curve(quality, cost, documents, ["small", "large"], [10, 100], resamples=99)
    saved = savings_curve(
        quality, quality, cost, ["small", "large"], "large", documents=documents, resamples=99
    )
    return curve, saved


def test_the_python_of_the_guide_runs(store, curves, monkeypatch):
    page = (Path(__file__).parents[2] / "docs" / "mlflow.md").read_text("utf-8")
    monkeypatch.setenv("MLFLOW_TRACKING_URI", store)
    for block in re.findall("```python\n(.*?)```", page, re.DOTALL):
        exec(block, {"curve": curves[0], "savings": curves[1]})
    assert {"my curve", "my savings"} <= runs_of(store, "lcrag")[1].keys()


def test_curves_over_budgets_have_budgets_as_steps(store, curves):
    curve, saved = curves
    tracked = log_analysis(budget_analysis(curve, "curve", {"task": "t"}), store, "curves")
    client = mlflow.MlflowClient(store)
    history = client.get_metric_history(tracked.run_id, "quality_by_budget_test")
    assert [(m.step, m.value) for m in history] == [(10, 0.0), (100, 1.0)]

    tracked = log_analysis(savings_analysis(saved, "savings", {}), store, "curves")
    history = client.get_metric_history(tracked.run_id, "quality_by_share_allocated")
    assert history[-1].step == 100 and history[-1].value == 1.0


def test_how_far_a_judge_can_be_trusted_is_logged(store, tmp_path):
    from lcrag.judging.calibration import Calibration
    from lcrag.statistics import Interval
    from lcrag.statistics.rates import Rate

    rate = Rate(0.9, 0.8, 0.95, 20, 4, 18.0, 3.0)
    calibration = Calibration("judge-1", "correct", "x", "labels.csv", 20, 10, 0.0, rate,
                              Interval(0.8, 0.6, 0.9, 20, 4), rate, rate, 0.0)  # fmt: skip
    calibration.save(tmp_path / "calibration.json")
    tracked = log_analysis(
        judge_analysis(calibration, {"seed": 0}, "ok", tmp_path / "calibration.json"), store
    )
    run = mlflow.MlflowClient(store).get_run(tracked.run_id).data
    assert (run.metrics["kappa"], run.metrics["kappa_low"]) == (0.8, 0.6)
    assert run.params["usable"] == "True" and run.tags["lcrag.kind"] == "judge check"
    artifacts = mlflow.MlflowClient(store).list_artifacts(tracked.run_id)
    assert {"calibration.json", "check.txt"} <= {a.path for a in artifacts}
