"""Table and report again from a run's folder, and by running again, with no reader and no server."""

import pandas as pd
import pytest
from typer.testing import CliRunner

import lcrag
from lcrag.cli import app
from lcrag.readers import OpenAIReader
from tests.faults.server import CountingServer


def report(*arguments):
    return CliRunner().invoke(app, ["report", *map(str, arguments)])


def test_the_same_table_and_report_from_the_folder(experiment):
    results = experiment().run()
    page = results.report.read_bytes()
    for name in ("report.html", "accuracy_cost.png", "accuracy_by_kind.png"):
        (results.output / name).unlink()
    done = report(results.output)
    assert done.exit_code == 0, done.stderr
    assert done.stdout.startswith(str(results)) and "lara_rule" in done.stdout
    assert results.report.read_bytes() == page
    assert (results.output / "accuracy_cost.png").exists()


def test_every_export_from_the_folder_is_that_of_the_run(experiment):
    """Written at the end of a run, and again by the command; ``comparison.json`` stays what the run has decided."""
    results = experiment().run()
    names = ("report.html", "report.md", "tables.tex", "comparison.csv", "comparison_table.json")
    before = {name: (results.output / name).read_bytes() for name in (*names, "comparison.json")}
    for name in names:
        (results.output / name).unlink()
    done = report(results.output)
    assert done.exit_code == 0 and "comparison_table.json" in done.stdout, done.stderr
    assert {name: (results.output / name).read_bytes() for name in before} == before


def test_the_report_shows_the_gold_evidence_and_what_was_retrieved(experiment):
    page = experiment().run().report.read_text("utf-8")
    assert "It was founded in 1987 in Bergen." in page and "holds gold evidence" in page
    assert "Passages" in page and "north 0-" in page and "Northwind sells kites." in page


def test_gold_evidence_that_cannot_be_read_is_told_and_the_report_is_written(experiment):
    results = experiment().run()
    (results.output / "questions.jsonl").write_text("{")
    done = report(results.output)
    assert done.exit_code == 1 and "questions.jsonl cannot be read" in done.stderr
    assert "long_context" in results.report.read_text("utf-8")


def test_mlflow_from_the_folder(experiment, tmp_path):
    import mlflow

    results = experiment().run()
    uri = f"sqlite:///{tmp_path / 'later.db'}"
    assert report(results.output, "--tracking-uri", uri).exit_code == 0
    client = mlflow.MlflowClient(uri)
    runs = client.search_runs([client.get_experiment_by_name("lcrag").experiment_id])
    assert {r.info.run_name for r in runs} == {"tiny", *results.comparison.table["name"]}


def test_a_server_that_is_down_is_told_last(experiment):
    results = experiment().run()
    results.report.unlink()
    done = report(results.output, "--tracking-uri", "http://127.0.0.1:9")
    assert done.exit_code == 1 and results.report.exists()
    assert done.stderr.startswith("lcrag: The run could not be logged to MLflow at http://127.0.0.1:9")
    assert done.stderr.count("\n") == 1 and "lara_rule" in done.stdout


def test_a_stopped_run_shows_what_it_has(experiment):
    results = experiment().run()
    for path in results.output.glob("*.[pch]*"):
        if path.name != "outcomes.jsonl":
            path.unlink()
    journal = results.output / "outcomes.jsonl"
    journal.write_bytes(b"".join(journal.read_bytes().splitlines(keepends=True)[:7]) + b'{"torn')
    before = journal.read_bytes()
    done = report(results.output)
    assert done.exit_code == 0, done.stderr
    assert "The run has not ended: 7 rows so far." in " ".join(done.stdout.split())
    assert journal.read_bytes() == before


@pytest.mark.parametrize("content", ['{"routers": 3}', '{"seed": "x"}', '{"routers": {"r": {"n1": []}}}'])
def test_a_damaged_comparison_is_one_sentence(experiment, content):
    results = experiment().run()
    (results.output / "comparison.json").write_text(content)
    error = report(results.output).exception
    assert isinstance(error, lcrag.LcragError) and "comparison.json does not fit the table" in str(error)


@pytest.mark.parametrize("spoil", [lambda f: None, lambda f: (f / "outcomes.parquet").write_bytes(b"PAR1"),
                                   lambda f: (f / "experiment.json").write_text("{")])  # fmt: skip
def test_a_folder_without_a_whole_run_is_one_sentence(tmp_path, spoil):
    spoil(tmp_path)
    error = report(tmp_path).exception
    assert isinstance(error, lcrag.LcragError) and str(tmp_path) in str(error)


def test_a_rerun_asks_no_server_even_for_the_window(experiment):
    with CountingServer() as server:
        reader = OpenAIReader("m", server.base_url, retry_seconds=0)
        results = experiment(reader=reader).run()
        assert results.failed == [] and sum(server.answered.values()) == 18
    for page in (results.report, results.output / "outcomes.parquet"):
        page.unlink()
    again = experiment(reader=OpenAIReader("m", server.base_url, retry_seconds=0)).run()
    assert again.problems == () and str(again) == str(results)
    assert again.report.exists()
    assert len(pd.read_parquet(again.output / "outcomes.parquet")) == 18
    assert set(again.table["window"]) == {20_000.0}


def test_the_table_is_handed_over_before_anything_else_can_fail(experiment, monkeypatch):
    """Outcomes, table, report, MLflow: in this order."""
    seen = []
    results = experiment(mlflow="http://127.0.0.1:9").run(
        on_table=lambda r: seen.append((sorted(p.name for p in r.output.iterdir()), str(r)))
    )
    ((files, table),) = seen
    assert "outcomes.parquet" in files and "report.html" not in files and "accuracy_cost.png" not in files
    assert "long_context" in table and "MLflow" not in table
    assert results.report.exists() and not results.tracked


def test_a_table_that_cannot_be_made_leaves_the_outcomes(experiment, monkeypatch, tmp_path):
    def fails(*arguments, **settings):
        raise OverflowError("too many documents")

    monkeypatch.setattr("lcrag.analysis.comparison.compare", fails)
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "comparison.csv").write_text("of an earlier run")
    results = experiment().run(on_table=str)
    told = "The table could not be made (OverflowError: too many documents)."
    assert results.problems == (told,) and not results.report.exists()
    assert not (results.output / "comparison.csv").exists()
    assert len(pd.read_parquet(results.output / "outcomes.parquet")) == 18


def test_the_verdict_is_printed_after_the_table(experiment):
    results = experiment().run()
    verdict = results.comparison.verdict
    assert len(verdict) > 50 and verdict in " ".join(report(results.output).stdout.split())
