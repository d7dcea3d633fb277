"""From an experiment to its files: table, report, pictures, MLflow."""

import pandas as pd
import pytest

import lcrag
from lcrag.errors import LcragError
from lcrag.strategies import ChunkedRetrieval, ClosedBook, LongContext
from retrievers.bm25 import BM25Retriever


@pytest.fixture
def experiment(tmp_path, dataset, scripted, embedder):
    def make(**changes):
        settings = {
            "dataset": dataset,
            "reader": scripted(),
            "strategies": [ClosedBook(), ChunkedRetrieval(k=2), LongContext()],
            "routers": [lcrag.LaRARule(), lcrag.RandomRouter()],
            "output": tmp_path / "out",
            "retriever": BM25Retriever(),
            "embedder": embedder,
            "name": "tiny",
            "mlflow": f"sqlite:///{tmp_path / 'mlflow.db'}",
        }
        return lcrag.Experiment(**(settings | changes))

    return make


def test_print_is_the_table(experiment):
    results = experiment(mlflow=False).run()
    text = str(results)
    for name in (
        "closed_book",
        "long_context",
        "lara_rule",
        "random_router",
        "oracle",
        "best fixed",
        "random (mean)",
    ):
        assert name in text
    table = results.comparison.table.set_index("name")
    assert table.loc["long_context"].accuracy == 1.0
    assert table.loc["closed_book"].accuracy == pytest.approx(2 / 6)
    assert table.loc["oracle"].accuracy == 1.0
    assert table.loc["oracle"].scored == 6
    assert pd.isna(table.loc["long_context"].flops)  # a scripted model has no FLOPs: missing, not zero
    assert max(map(len, text.split("\n\n")[0].splitlines())) <= 150


def test_the_files(experiment):
    results = experiment(mlflow="").run()
    page = results.report.read_text()
    assert "When was Northwind founded?" in page
    assert "http://" not in page.replace("http://www.w3.org", "")
    assert (results.output / "accuracy_cost.png").read_bytes().startswith(b"\x89PNG")
    stored = pd.read_parquet(results.output / "outcomes.parquet")
    assert len(stored) == 18
    assert stored.read_dollars.isna().all()


def test_html_is_escaped(experiment, scripted):
    page = (
        experiment(mlflow="", reader=scripted(lambda r: "<script>alert(1)</script>")).run().report.read_text()
    )
    assert "<script>alert" not in page
    assert "&lt;script&gt;" in page


def test_a_tracking_server_that_is_down_is_one_sentence_and_the_results_are_there(experiment, tmp_path):
    results = experiment(mlflow="http://127.0.0.1:9").run()
    (problem,) = results.problems
    assert problem.startswith("The run could not be logged to MLflow at http://127.0.0.1:9 ")
    assert problem.endswith("start it with: mlflow server --port 9.")
    assert (tmp_path / "out" / "report.html").exists()


def test_when_every_answer_failed_there_are_still_files_that_say_so(experiment, scripted):
    def fails(request):
        raise LcragError("The prompt is too long.")

    results = experiment(mlflow="", reader=scripted(fails)).run()
    assert len(results.failed) == 18
    assert "0/6" in str(results)
    assert "The prompt is too long." in results.report.read_text()
    assert results.comparison.table.accuracy.isna().all()


def test_a_failed_strategy_is_missing_and_the_others_stand(experiment, scripted):
    def fails_on_long_prompts(request):
        if request.prefix_chars:
            raise LcragError("The prompt is too long.")
        return "unanswerable"

    results = experiment(mlflow="", reader=scripted(fails_on_long_prompts)).run()
    table = results.comparison.table.set_index("name")
    assert table.loc["long_context"].failed == 6
    assert pd.isna(table.loc["long_context"].accuracy)
    assert len(results.failed) == 6
    assert "The prompt is too long." in results.report.read_text()


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"strategies": []}, "no strategies"),
        (
            {"strategies": [LongContext(), LongContext(truncate="end")]},
            "Two strategies are named 'long_context'",
        ),
        ({"routers": [lcrag.FixedRouter("nothing")]}, "chose 'nothing'"),
        ({"routers": [lcrag.RandomRouter(name="long_context")]}, "router 'long_context' is named like"),
        ({"routers": [lcrag.LaRARule(), lcrag.LaRARule()]}, "router 'lara_rule' is named like"),
        ({"strategies": [ClosedBook()]}, "Routers choose among strategies that read the text"),
        ({"metric": "accurcy"}, "There is no metric 'accurcy'; did you mean 'accuracy'?"),
    ],
)
def test_what_is_wrong_is_found_before_anything_is_spent(experiment, scripted, change, message):
    reader = scripted()
    with pytest.raises(LcragError, match=message):
        experiment(reader=reader, **change).run()
    assert reader.requests == []


def test_routers_that_learn_are_cross_validated_over_the_runs_documents(experiment):
    routers = [lcrag.TfidfRouter(), lcrag.ProbeRouter(), lcrag.QualityRouter(retrieval=True)]
    results = experiment(mlflow="", routers=routers).run()
    table = results.comparison.table.set_index("name")
    assert table.loc["tfidf_router"].scored == 6
    both = results.table.set_index(["question_id", "strategy"])
    for question, ran in results.routed["probe_router"].items():
        assert ran[0] == "chunked_retrieval"
        if len(ran) == 2:  # escalated: both are paid for
            assert ran[1] == "long_context"
            assert both.loc[(question, "chunked_retrieval"), "read_prompt_tokens"] > 0
    stored = lcrag.load_outcomes(results.output)
    assert {"feature_words", "feature_retrieval_top", "document_tokens", "note_support"} <= set(
        stored.columns
    )
    assert stored["feature_retrieval_top"].notna().all()


def test_routers_that_cannot_be_replayed_are_told_before_anything_is_spent(experiment, scripted):
    one = scripted()
    for router, message in (
        (lcrag.LLMRouter(), "llm_router asks a model: run it as a `routed` strategy"),
        (
            lcrag.FixedRouter("nothing"),
            "chose 'nothing', but the strategies are: chunked_retrieval, long_context",
        ),
        (lcrag.ProbeRouter(first="gist"), "chose 'gist', but the strategies are"),
    ):
        with pytest.raises(LcragError, match=message):
            experiment(routers=[router], reader=one).run()
    with pytest.raises(LcragError, match="'lara_rule' is named like another router"):
        experiment(routers=[lcrag.LaRARule(), lcrag.LaRARule()], reader=one).run()
    assert one.requests == []


def test_a_router_that_cannot_learn_says_why_under_the_table(experiment, dataset):
    from dataclasses import replace

    few = replace(dataset, questions=(dataset.questions[0], dataset.questions[3]))
    one = experiment(mlflow="", dataset=few, routers=[lcrag.CascadeRouter(budget=0.001)]).run()
    assert "cascade_router has no figures. Router cascade_router: the cheapest strategy costs" in str(one)


def test_the_table_says_how_answers_were_scored(experiment):
    from lcrag.metrics import F1, Accuracy

    assert "in free text, a gold answer stands in the answer" in " ".join(
        str(experiment(mlflow="").run()).split()
    )
    by_f1 = experiment(mlflow="", metric=Accuracy(free_text="f1", threshold=0.6))
    assert "token F1 with a gold answer is at least 0.6" in " ".join(str(by_f1.run()).split())
    assert "Scored by f1: Token F1 with" in str(experiment(mlflow="", metric=F1(normalisation="squad")).run())
