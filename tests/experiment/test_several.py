"""Several readers and several values of a setting in one YAML."""

import json

import pandas as pd
import pytest
import yaml
from typer.testing import CliRunner

from lcrag.cli import app
from lcrag.errors import LcragError

READERS = """
from lcrag.readers.scripted import ScriptedReader


def small() -> ScriptedReader:
    return ScriptedReader(lambda r: "kites" if "sell" in r.prompt_text else "no idea", name="small")


def large() -> ScriptedReader:
    return ScriptedReader(lambda r: "1987 kites", name="large/2")
"""
SPEC = {
    "name": "two",
    "output": "out",
    "dataset": {"type": "files", "documents": "docs", "questions": "questions.jsonl"},
    "readers": ["./readers.py:small", "./readers.py:large"],
    "retriever": "bm25",
    "strategies": ["long_context", {"type": "chunked_retrieval", "k": [1, 2], "name": "rag"}],
    "routers": [{"type": "random"}, {"type": "knn"}],
    "mlflow": False,
}


@pytest.fixture
def own(tmp_path, monkeypatch):
    (tmp_path / "docs").mkdir()
    lines = []
    for i in range(4):
        (tmp_path / "docs" / f"n{i}.md").write_text(f"Northwind {i} sells kites. It was founded in 1987.")
        for text, answer in (("When was it founded?", "1987"), ("What does it sell?", "kites")):
            row = {"id": f"{i}{answer}", "question": text, "answers": [answer], "documents": f"n{i}.md"}
            lines.append(json.dumps(row) + "\n")
    (tmp_path / "questions.jsonl").write_text("".join(lines))
    (tmp_path / "readers.py").write_text(READERS.replace("r.prompt_text", "str(r)"))
    (tmp_path / "two.yaml").write_text(yaml.safe_dump(SPEC))
    monkeypatch.chdir(tmp_path)
    return tmp_path


def run(*arguments):
    result = CliRunner().invoke(app, [*arguments], catch_exceptions=False)
    assert result.exit_code == 0, result.output
    return result.stdout


def test_readers_are_a_run_each_and_one_table_in_which_routers_choose_among_all(own):
    content = json.loads(run("run", "two.yaml", "--json"))
    names = {row["name"]: row for row in content["table"]}
    assert names["rag-k1 @ large/2"]["accuracy"] == 1 and names["rag-k1 @ small"]["accuracy"] == 0.5
    assert names["random_router"]["group"] == "router" and names["oracle"]["accuracy"] == 1
    assert [row["strategy"] for row in content["by_model"]] == ["long_context", "rag-k1", "rag-k2"]
    assert content["by_model"][0]["large/2"].startswith("1.000") and "†" in content["by_model"][0]["large/2"]
    table = pd.read_parquet(own / "out" / "outcomes.parquet")
    assert set(table["model"]) == {"small", "large/2"} and len(table) == 48
    for file in ("report.html", "models.md", "models.csv", "tables.tex", "curves.csv", "curves.png"):
        assert (own / "out" / file).stat().st_size > 50, file
    assert (own / "out" / "large-2" / "report.html").exists()

    again = run("report", "out")  # without asking anything
    assert "long_context @ small" in again and "random" in again and "by k " in again
    compared = json.loads(run("compare", "out/small", "out/large-2", "--json"))
    assert {r["difference"] for r in compared["table"] if r["run"] == "large-2"} == {0.5}


def test_a_sweep_gives_curves(own):
    run("run", "two.yaml", "--json")
    curves = pd.read_csv(own / "out" / "small" / "curves.csv")
    assert curves[["setting", "value", "strategy"]].values.tolist() == [["k", 1, "rag"], ["k", 2, "rag"]]
    assert curves["accuracy"].tolist() == [0.5, 0.5] and curves["cost"].gt(0).all()


def test_the_documents_length_is_a_curve_too():
    from lcrag.analysis.sweeps import sweep
    from tests.analysis.test_runs import table

    outcomes = table("m", lambda s, i: i < 12)
    outcomes["document_tokens"] = [1000.0 if i < 12 else 9000.0 for i in range(24)] * 2
    outcomes["slice_length"] = ["up to 1k" if i < 12 else "8k-16k" for i in range(24)] * 2
    frame = sweep(outcomes)
    assert frame[["strategy", "value", "accuracy"]].values.tolist() == [
        ["long", 1000, 1], ["long", 9000, 0], ["rag", 1000, 1], ["rag", 9000, 0],
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"readers": ["./readers.py:small"]}, "readers must be a list of two or more"),
        ({"reader": "transformers"}, "give either `reader` or `readers`"),
        ({"readers": ["./readers.py:small"] * 2}, "is named 'small', as another one is"),
    ],
)
def test_readers_that_make_no_sense_are_refused(own, change, message):
    (own / "two.yaml").write_text(yaml.safe_dump(SPEC | change))
    with pytest.raises(LcragError, match=message):
        CliRunner().invoke(app, ["run", "two.yaml"], catch_exceptions=False)
