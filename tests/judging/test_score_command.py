"""``lcrag score``: a metric is added to a finished run without its reader."""

import json

import pandas as pd
import pytest

from lcrag.cli import app
from lcrag.errors import LcragError
from lcrag.experiment import Experiment
from lcrag.strategies import ChunkedRetrieval, ClosedBook

METRICS = """
metrics:
  - {type: "./own.py:SaysYes", judge: {type: "./own.py:judge"}}
"""
OWN = '''
from dataclasses import dataclass
from lcrag.judges import JudgedMetric, Verdict
from lcrag.readers.base import Message, Reader
from lcrag.readers.scripted import ScriptedReader

def judge() -> ScriptedReader:
    return ScriptedReader(lambda request: "yes" if "1987" in request.messages[-1].content else "no")

@dataclass(frozen=True)
class SaysYes(JudgedMetric):
    """Whether the judge says yes."""
    name: str = "says_yes"
    judge: Reader | None = None
    async def score(self, question, answer, tools):
        reply = await tools.ask([Message("user", answer.text)], judge=self.judge, max_tokens=2)
        return Verdict(float(reply.text == "yes"))
'''


@pytest.fixture
def folder(tmp_path, dataset, scripted, embedder):
    output = tmp_path / "run"
    strategies = [ChunkedRetrieval(k=1), ClosedBook()]
    Experiment(dataset, scripted(), strategies, output, embedder=embedder, mlflow="").run()
    (tmp_path / "own.py").write_text(OWN)
    return output


def score(folder, text):
    from typer.testing import CliRunner

    file = folder.parent / "metrics.yaml"
    file.write_text(text)
    return CliRunner().invoke(app, ["score", str(folder), str(file)])


def test_a_metric_is_added_and_the_table_made_again(folder):
    before = pd.read_parquet(folder / "outcomes.parquet")
    result = score(folder, METRICS)
    assert result.exit_code == 0, result.output
    after = pd.read_parquet(folder / "outcomes.parquet")
    assert after["score_says_yes"].tolist() == [float("1987" in a) for a in after["answer"]]
    assert after["score"].equals(before["score"])
    assert "says_yes" in result.output and "Judging took" in result.output
    assert "Right is:" in result.output and "Judging took" in (folder / "report.html").read_text()
    spent = after["judge_prompt_tokens"].sum()
    score(folder, METRICS)
    assert pd.read_parquet(folder / "outcomes.parquet")["judge_prompt_tokens"].sum() == spent > 0


def test_a_metric_may_decide_from_now_on(folder):
    result = score(folder, METRICS + "metric: says_yes\n")
    assert result.exit_code == 0, result.output
    table = pd.read_parquet(folder / "outcomes.parquet")
    assert table["score"].tolist() == table["score_says_yes"].tolist()
    assert "Scored by says_yes" in result.output and "Right is:" not in result.output
    assert json.loads((folder / "comparison.json").read_text())["scoring"].startswith("Scored by says_yes")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("metric: f1\n", "the key 'metrics' is missing"),
        ("metrics: f1\n", "metrics must be a list"),
        ("metrics: [f2]\n", "unknown metric 'f2'"),
        (METRICS + "metric: says_no\n", "There is no metric 'says_no'"),
        (METRICS + "strategies: []\n", "unknown key 'strategies'"),
    ],
)
def test_what_cannot_be_scored_by_is_told(folder, text, message):
    result = score(folder, text)
    assert isinstance(result.exception, LcragError) and message in str(result.exception)


def test_a_folder_without_a_run_is_told(tmp_path):
    (tmp_path / "own.py").write_text(OWN)
    result = score(tmp_path / "nothing", METRICS)
    assert "There is no finished run" in str(result.exception)
