"""What fails after the last answer is told, and everything else is written: the answers are paid for."""

import subprocess
import sys
from dataclasses import dataclass

import matplotlib.figure
import pandas as pd
import pytest

import lcrag
from lcrag.routers import Decision, ReplayableRouter
from lcrag.strategies import ChunkedRetrieval, LongContext
from retrievers.bm25 import BM25Retriever
from tests import progress


@dataclass(frozen=True)
class Stumbling(ReplayableRouter):
    """Chooses without an error as long as there are no features to look at."""

    name: str = "stumbling"

    def choose(self, queries, candidates):
        if any(q.features for q in queries):
            raise ZeroDivisionError("nothing to divide by")
        return [Decision(candidates[0])] * len(queries)


@dataclass(frozen=True)
class TooFew:
    """A retriever that cannot return as many passages as the features look at."""

    inner: object = BM25Retriever()

    def build(self, texts):
        return TooFewIndex(self.inner.build(texts))


@dataclass(frozen=True)
class TooFewIndex:
    inner: object
    build_tokens: int = 0

    def search(self, queries, k, *, document_ids=None):
        if k > 2:
            raise ConnectionError("the store hung up")
        return self.inner.search(queries, k, document_ids=document_ids)

    def query_tokens(self, queries):
        return 0


@pytest.fixture
def run(tmp_path, dataset, scripted, embedder):
    def go(**changes):
        given = {"dataset": dataset, "reader": scripted(), "strategies": [ChunkedRetrieval(k=2), LongContext()],
                 "routers": [lcrag.LaRARule()], "output": tmp_path / "out", "retriever": BM25Retriever(),
                 "embedder": embedder, "mlflow": ""}  # fmt: skip
        return lcrag.Experiment(**given | changes).run()

    return go


def check_written(results, *told):
    """The outcomes, the table and the report are there, and each message stands in the table's foot."""
    stored = pd.read_parquet(results.output / "outcomes.parquet")
    assert stored["score"].tolist() == [1, 1, 1, 1, 1, 1] * 2
    assert results.report.stat().st_size > 1000
    assert results.comparison.table.set_index("name").loc["long_context"].accuracy == 1.0
    foot = " ".join(str(results).split())
    for sentence in told:
        assert sentence in foot and any(sentence in problem for problem in results.problems)


def test_all_is_well(run):
    results = run()
    check_written(results)
    assert results.problems == ()


def test_a_router_that_raises_has_no_figures_and_the_others_have(run):
    results = run(routers=[Stumbling(), lcrag.LaRARule()])
    told = "The router stumbling failed (ZeroDivisionError: nothing to divide by): it has no figures."
    check_written(results, told)
    scored = results.comparison.table.set_index("name")["scored"]
    assert scored["stumbling"] == 0 and scored["lara_rule"] == 6
    assert told in results.report.read_text()


def test_a_first_retrieval_that_fails_leaves_its_features_out(run):
    results = run(retriever=TooFew())
    check_written(
        results,
        "The features of 6 questions are incomplete: their first retrieval failed "
        "(ConnectionError: the store hung up).",
    )
    assert "feature_retrieval_top" not in results.table or results.table["feature_retrieval_top"].isna().all()
    assert (results.table["feature_words"] > 2).all()


def test_an_unreachable_tracking_server(run):
    check_written(run(mlflow="http://127.0.0.1:9"), "could not be logged to MLflow at http://127.0.0.1:9")


def test_a_figure_that_raises(run, tmp_path, monkeypatch):
    assert run().output == tmp_path / "out"  # its pictures are old when those of the next run fail
    shown = matplotlib.figure.Figure.savefig

    def fails(self, *arguments, **settings):
        if "Pareto frontier" in str([t.get_text() for a in self.axes if a.legend_ for t in a.legend_.texts]):
            raise RuntimeError("no font")
        return shown(self, *arguments, **settings)

    monkeypatch.setattr(matplotlib.figure.Figure, "savefig", fails)
    results = run()
    check_written(results, "The picture accuracy_cost.png could not be made (RuntimeError: no font).")
    assert not (results.output / "accuracy_cost.png").exists()
    assert (results.output / "accuracy_by_kind.png").exists()
    assert "could not be drawn (RuntimeError: no font)" in results.report.read_text()


def test_a_report_that_cannot_be_written(run):
    output = run().output
    (output / "report.html").unlink()
    (output / "report.html").mkdir()
    results = run()
    assert "report.html could not be written: it is not a" in " ".join(str(results).split())
    assert len(pd.read_parquet(output / "outcomes.parquet")) == 12


FOOT = """\
{"question": "What does Northwind sell?", "answers": "kites"}
{"question": "Where is it?"}
"""


def test_the_command_line_tells_what_will_not_be_scored_before_the_run(tmp_path):
    (tmp_path / "docs").mkdir()
    (tmp_path / "docs" / "a.md").write_text("Northwind sells kites. " * 20)
    (tmp_path / "questions.jsonl").write_text(FOOT)
    files = "dataset: {type: files, documents: docs, questions: questions.jsonl}"
    spec = YAML.replace("dataset: {type: synthetic, documents: 2}", files)
    (tmp_path / "own.yaml").write_text(spec.replace('{tracking_uri: "http://127.0.0.1:9"}', "false"))
    (tmp_path / "own.py").write_text(READER)
    command = [sys.executable, "-m", "lcrag.cli", "run", "own.yaml"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, timeout=300)
    assert done.returncode == 0 and progress.told(done.stderr) == ""
    notice = "1 of 2 questions have no gold answer: it is run, but not scored."
    assert done.stdout.splitlines()[1] == notice
    assert done.stdout.count(notice) == 2  # and in the foot of the table


YAML = """\
name: own
output: out
dataset: {type: synthetic, documents: 2}
reader: {type: "./own.py:Yes"}
embedder: lcrag.testing.world:WordEmbedder
retriever: bm25
strategies: [{type: chunked_retrieval, k: 2}, long_context]
mlflow: {tracking_uri: "http://127.0.0.1:9"}
"""
READER = """\
from dataclasses import dataclass
from lcrag.readers.scripted import ScriptedReader

class Yes(ScriptedReader):
    def __init__(self):
        super().__init__(lambda request: "yes")
"""


def test_the_command_line_tells_it_on_stderr(tmp_path):
    (tmp_path / "own.yaml").write_text(YAML)
    (tmp_path / "own.py").write_text(READER)
    command = [sys.executable, "-m", "lcrag.cli", "run", "own.yaml"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, timeout=300)
    assert done.returncode == 1
    message = progress.told(done.stderr)
    assert message.startswith("lcrag: The run could not be logged to MLflow at http://127.0.0.1:9")
    assert message.rstrip("\n").count("\n") == 0
    assert "long_context" in done.stdout and "outcomes.parquet" in done.stdout
    assert (tmp_path / "out" / "report.html").exists()
