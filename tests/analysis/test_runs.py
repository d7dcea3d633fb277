"""Runs side by side."""

import json

import pandas as pd
import pytest
from typer.testing import CliRunner

from lcrag.analysis.runs import compare_runs
from lcrag.cli import app
from lcrag.errors import LcragError
from lcrag.outcomes import save_outcomes
from lcrag.schema import Ledger, Outcome, Usage
from lcrag.tables import fitting


def table(model, scores, strategies=("rag", "long"), questions=24, word="What"):
    """A run's outcomes, two questions on a document; ``scores`` has a rule for each strategy."""
    rows = []
    for strategy in strategies:
        for i in range(questions):
            ledger = Ledger({"read": Usage(prompt_tokens=100, completion_tokens=5, calls=1)})
            outcome = Outcome(f"q{i}", f"d{i // 2}", "location", strategy, model, 0, answer="x",
                              score=float(scores(strategy, i)), usage=ledger)  # fmt: skip
            rows.append(outcome.flat() | {"question": f"{word} is {i}?"})
    return pd.DataFrame(rows)


def runs():
    return {
        "small": table("m-small", lambda s, i: i % 4 == 0),
        "large": table("m-large", lambda s, i: s == "rag" or i % 4 == 0),
    }


def test_each_strategy_is_tested_against_that_of_the_first_run():
    comparison = compare_runs(runs())
    rows = comparison.table.set_index(["run", "strategy"])
    assert rows.loc[("large", "rag"), "against"] == "rag of small"
    assert rows.loc[("large", "rag"), "difference"] == pytest.approx(0.75)
    assert rows.loc[("large", "rag"), "p_value"] < 0.01 < rows.loc[("large", "long"), "p_value"]
    assert pd.isna(rows.loc[("small", "rag"), "p_value"])
    assert "rag of large is better than rag of small (+" in comparison.verdict
    assert "24 questions on 12 documents in 2 runs" in str(comparison)


def test_different_questions_are_refused_unless_the_shared_ones_are_asked_for():
    few = runs() | {"large": table("m-large", lambda s, i: 1, questions=10)}
    with pytest.raises(LcragError, match=r"small 24, large 10; 10 are the same\): give --shared"):
        compare_runs(few)
    comparison = compare_runs(few, shared=True)
    assert comparison.questions == 10 and comparison.table["scored"].eq(10).all()
    assert "Only the 10 questions that all runs have are compared; left out: small 14, large 0." in str(
        comparison
    )


def test_an_id_with_other_words_is_another_question():
    other = runs() | {"large": table("m-large", lambda s, i: 1, word="Who")}
    with pytest.raises(LcragError, match="share no question"):
        compare_runs(other, shared=True)


def test_a_strategy_that_the_first_run_lacks_is_tested_against_its_best():
    comparison = compare_runs(runs() | {"other": table("m", lambda s, i: 1, strategies=("memory",))})
    row = comparison.table.set_index("strategy").loc["memory"]
    assert row["against"] == "rag of small" and row["difference"] == pytest.approx(0.75)


def test_long_names_are_shortened_in_their_middle_where_a_terminal_is_narrow():
    names = ("chunked_retrieval_with_k1", "chunked_retrieval_with_k2")
    runs = {f"a-run-with-a-long-name-{i}": table("m", lambda s, i: i % 2, names) for i in (1, 2)}
    with fitting(60):
        lines = str(compare_runs(runs)).splitlines()
    assert max(map(len, lines)) <= 60
    assert {line.split()[0][-2:] for line in lines if "…" in line} == {"k1", "k2"}
    assert {line.split()[1][-2:] for line in lines if "…" in line} == {"-1", "-2"}
    assert "difference [95% CI]" in "".join(lines) and "p" in lines[2].split()


def test_the_command_prints_writes_and_fits(tmp_path):
    for name, outcomes in runs().items():
        (tmp_path / name).mkdir()
        save_outcomes(outcomes, tmp_path / name / "outcomes.parquet")
    arguments = ["compare", str(tmp_path / "small"), str(tmp_path / "large")]
    with fitting(60):
        done = CliRunner().invoke(
            app, [*arguments, "--output", str(tmp_path / "both")], catch_exceptions=False
        )
    assert done.exit_code == 0 and max(map(len, done.stdout.splitlines()[:-1])) <= 60
    assert {f.name for f in (tmp_path / "both").iterdir()} == {
        f"compare.{e}" for e in ("md", "tex", "csv", "json")
    }
    content = json.loads(CliRunner().invoke(app, [*arguments, "--json"]).stdout)
    assert content["runs"] == ["small", "large"] and len(content["table"]) == 4
    same = CliRunner().invoke(app, ["compare", arguments[1], arguments[1]])
    assert "given twice" in str(same.exception)
