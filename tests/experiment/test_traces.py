"""A run's answers as MLflow traces: spans, tokens, passages and assessments."""

from dataclasses import replace

import pytest

from lcrag.experiment.tracking.spans import DOLLARS, TOKENS, parts_of, trace_usage
from lcrag.judges.base import Verdict
from lcrag.schema import Ledger, Outcome, Passage, Question, Step, Usage
from lcrag.strategies import ChunkedRetrieval, LongContext

mlflow = pytest.importorskip("mlflow")
QUESTION = Question("q", "When?", ("d",), ("1987",))
ROW = Outcome(
    "q", "d", "location", "self_route", "m", 0, answer="1987",
    usage=Ledger({
        "build": Usage(40, 0, 4, 0.5, 0.5, dollars=0.1),
        "retrieve": Usage(seconds=0.25),
        "route": Usage(100, 60, 1, 1, 1.0, dollars=0.2),
        "read": Usage(900, 0, 6, 2, 4.0, dollars=0.3),
        "judge": Usage(70, 0, 1, 1, 0.5, dollars=9.0),
    }),
    steps=(Step("retrieve", "When?", "d[0:4], d[9:12]"), Step("route", "p", "1"),
           Step("read", "p1", "no"), Step("read", "p2", "1987")),
    evidence=(Passage("1987", "d", 0, 4, 2.5),),
)  # fmt: skip


def test_the_steps_of_a_row_are_spans_in_their_order_with_what_each_took():
    build, search, route, first, second, judge = parts_of(ROW, QUESTION, {"correct": Verdict(1.0, "Same.")})
    assert [p.name for p in (build, search, route, first, second, judge)] == [
        "build", "retrieve", "route", "read", "read", "judge correct",
    ]  # fmt: skip
    assert [p.seconds for p in (build, search, route, first, second, judge)] == [0.5, 0.25, 1, 2, 2, 0.5]
    assert [(p.text, p.start, p.score) for p in search.passages] == [("1987", 0, 2.5), ("", 9, 0.0)]
    assert (search.type, route.type, judge.type) == ("RETRIEVER", "CHAT_MODEL", "EVALUATOR")
    tokens = {"input_tokens": 100, "output_tokens": 1, "total_tokens": 101, "cache_read_input_tokens": 60}
    assert route.attributes[TOKENS] == tokens
    assert first.attributes == {}  # the ledger has both calls together
    assert judge.output == {"score": 1.0, "reason": "Same."}


def test_the_whole_trace_has_the_strategys_tokens_and_dollars_without_the_judges():
    usage = trace_usage(ROW)
    assert usage[TOKENS]["input_tokens"] == 1040 and usage[TOKENS]["output_tokens"] == 11
    assert usage[DOLLARS]["total_cost"] == pytest.approx(0.6)


def test_each_answer_is_one_trace_with_its_scores_and_is_not_traced_twice(
    experiment, dataset, tmp_path, monkeypatch
):
    monkeypatch.chdir(tmp_path)
    store = f"sqlite:///{tmp_path / 'mlflow.db'}"
    settings = {"strategies": [ChunkedRetrieval(k=2), LongContext()], "mlflow": store, "mlflow_traces": True}
    results = experiment(**settings, dataset=replace(dataset, questions=dataset.questions[:2])).run()
    assert results.problems == ()
    client = mlflow.MlflowClient(store)
    place = [results.tracked.experiment_id]
    traces = client.search_traces(locations=place)
    cells = {(t.info.tags["lcrag.question"], t.info.tags["lcrag.strategy"]): t for t in traces}
    assert len(traces) == 4 and len(cells) == 4
    rag, row = cells["n1", "chunked_retrieval"], results.outcomes[0]
    assert rag.data.request and "When was Northwind founded?" in rag.data.request
    assert [s.name for s in rag.data.spans if s.parent_id] == ["build", "retrieve", "read", "embed"][:3]
    (search,) = [s for s in rag.data.spans if s.span_type == "RETRIEVER"]
    assert [d["page_content"] for d in search.outputs] == [p.text for p in row.evidence]
    assert rag.info.token_usage["input_tokens"] == row.usage["read"].prompt_tokens
    assessments = {a.name: a for a in rag.info.assessments}
    assert assessments["accuracy"].feedback.value == row.score
    assert assessments["accuracy"].source.source_type == "CODE"
    assert assessments["expected_response"].expectation.value == "1987"
    runs = {r.info.run_name: r.info.run_id for r in client.search_runs(place)}
    assert rag.info.request_metadata["mlflow.sourceRun"] == runs["chunked_retrieval"]

    experiment(**settings, dataset=replace(dataset, questions=dataset.questions[:2])).run()
    again = client.search_traces(locations=place)
    assert {t.info.trace_id for t in again} == {t.info.trace_id for t in traces}
    assert {len(t.info.assessments) for t in again} == {2}
