"""A run's answers under MLflow's scorers, in a real store, and our metrics as scorers."""

import os

import pytest

from lcrag import ChunkedRetrieval, ClosedBook, Experiment
from lcrag.components import build
from lcrag.errors import LcragError
from lcrag.judges import Ragas
from lcrag.judging.mlflow_scorers import as_scorer, evaluate_outcomes, evaluation_rows
from lcrag.metrics import F1, Contains
from lcrag.testing import world

mlflow = pytest.importorskip("mlflow")


@pytest.fixture(scope="module")
def store(tmp_path_factory):
    """A real MLflow store of these tests alone."""
    before = mlflow.get_tracking_uri()
    mlflow.set_tracking_uri(f"sqlite:///{tmp_path_factory.mktemp('store') / 'mlflow.db'}")
    mlflow.set_experiment("scorers")
    yield
    mlflow.set_tracking_uri(before)


@pytest.fixture
def results(tmp_path):
    return Experiment(
        dataset=world.dataset(),
        reader=world.reader(),
        strategies=[ChunkedRetrieval(k=2), ClosedBook()],
        embedder=world.WordEmbedder(),
        retriever=build("retriever", "bm25", "here"),
        output=tmp_path / "run",
        mlflow="",
    ).run()


def test_our_metrics_give_mlflow_the_figures_of_the_run(results, store, monkeypatch):
    monkeypatch.delenv("MLFLOW_GENAI_EVAL_MAX_WORKERS", raising=False)
    results_by_strategy = evaluate_outcomes(
        results, world.dataset().questions, [as_scorer(F1()), as_scorer(Contains())]
    )
    assert list(results_by_strategy) == ["chunked_retrieval", "closed_book"]
    for strategy, evaluated in results_by_strategy.items():
        own = results.table[results.table["strategy"] == strategy]
        for metric in ("f1", "contains"):
            assert evaluated.metrics[f"{metric}/mean"] == pytest.approx(own[f"score_{metric}"].mean())
        scored = evaluated.result_df["f1/value"].dropna().astype(float)
        assert sorted(scored) == pytest.approx(sorted(own["score_f1"].dropna()))
        (logged,) = mlflow.search_runs(filter_string=f"tags.mlflow.runName = '{strategy}'").to_dict("records")
        assert logged["metrics.f1/mean"] == pytest.approx(own["score_f1"].mean())
    assert "MLFLOW_GENAI_EVAL_MAX_WORKERS" not in os.environ


def test_mlflows_own_and_anyones_scorers_run_on_our_rows(results, store):
    from mlflow.genai.scorers import RegexMatch, ResponseLength, scorer

    @scorer
    def names_the_gold(outputs, expectations):
        return float(expectations["expected_response"] in outputs)

    own = [RegexMatch(pattern="1987"), ResponseLength(min_length=1, max_length=3, unit="words")]
    evaluated = evaluate_outcomes(results, world.dataset().questions, [names_the_gold, *own])
    metrics = evaluated["chunked_retrieval"].metrics
    assert metrics["names_the_gold/mean"] == 3 / 5
    assert metrics["regex_match/mean"] == 3 / 5
    assert metrics["response_length/mean"] == 1


def test_rows_have_what_scorers_read_and_leave_failures_out(results):
    table = results.table
    table.loc[table["question_id"] == "q5", "error"] = "The server is down."
    rows = evaluation_rows(table, world.dataset().questions, "chunked_retrieval")
    assert [row["tags"]["question_id"] for row in rows] == ["q1", "q2", "q3", "q4"]
    assert rows[0]["inputs"] == {"question": "When was Northwind founded?"}
    assert rows[0]["outputs"] == "1987"
    assert rows[0]["expectations"] == {"expected_response": "1987", "answers": ["1987"], "answerable": True}
    assert rows[1]["expectations"] == {
        "expected_response": "The text does not answer this question.",
        "answerable": False,
    }
    assert rows[3]["expectations"]["choices"] == ["kites", "lamps"]


def test_what_cannot_be_evaluated_is_said_in_one_sentence(results):
    questions = world.dataset().questions
    with pytest.raises(LcragError, match="did you mean 'closed_book'"):
        evaluation_rows(results, questions, "closed_boo")
    with pytest.raises(LcragError, match="Question 'q5' was answered"):
        evaluation_rows(results, questions[:4])
    with pytest.raises(LcragError, match="ragas_faithfulness asks a judge"):
        as_scorer(Ragas())
