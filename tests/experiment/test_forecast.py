"""What a dry run says beforehand, held against what a run then takes."""

from __future__ import annotations

from dataclasses import replace

import pytest

from lcrag.cost.price_cards import PriceCard
from lcrag.experiment import Experiment
from lcrag.experiment.forecast import forecast
from lcrag.readers import ScriptedReader
from lcrag.strategies import ChunkedRetrieval, LongContext, SelfRoute
from retrievers import BM25Retriever, HybridRetriever, RecursiveChunker, SentenceWindowRetriever
from tests.strategies.conftest import MATRIX, SHOWN

PRICE = PriceCard(1.0, 4.0, 0.1)
FIXED = [
    "closed_book", "chunked_retrieval", "long_context", "cited_long_context", "retrieve_then_reason", "one_call",
    "both_ends", "document_order", "drag", "refine",
]  # fmt: skip


def plan(dataset, reader, embedder, tmp_path, strategies, retriever=None):
    return Experiment(
        dataset, reader, strategies, output=tmp_path / "out", embedder=embedder, prices=PRICE, mlflow="",
        retriever=retriever or HybridRetriever(embedder=embedder, chunker=RecursiveChunker(200, 20)),
    )  # fmt: skip


def wordy(request):
    """Quotes the prompt at length: facts, thoughts and queries of all kinds."""
    words = request.messages[-1].content.split()
    start = len(words) // 2
    lines = [" ".join(words[i : i + 9]) for i in range(start, start + request.max_tokens, 9)]
    return "\n".join(f"- {line}" for line in lines)


@pytest.mark.slow
@pytest.mark.parametrize("answers", ["facts", "wordy"])
def test_a_run_never_takes_more_of_a_strategy_whose_calls_are_fixed(
    tmp_path, dataset, scripted, embedder, answers
):
    dataset = replace(dataset, demonstrations=SHOWN)
    reader = scripted() if answers == "facts" else ScriptedReader(wordy)
    experiment = plan(dataset, reader, embedder, tmp_path, MATRIX)
    said = forecast(experiment)
    assert reader.requests == [] and not (tmp_path / "out").exists()
    lines = {line.strategy: line for line in said.lines}
    assert {name for name in FIXED if lines[name].is_bound} == set(FIXED)
    results = experiment.run()
    rows = results.table.groupby("strategy")
    for column, amount in [("prompt_tokens", "prompt_tokens"), ("completion_tokens", "completion_tokens"),
                           ("calls", "calls"), ("dollars", "dollars")]:  # fmt: skip
        took = sum(rows[f"{role}_{column}"].sum() for role in ("read", "route", "build"))
        over = {
            n: (getattr(lines[n], amount), t) for n, t in took.items() if t > getattr(lines[n], amount) + 1e-9
        }
        assert not {n: o for n, o in over.items() if lines[n].is_bound}, column


def test_what_is_asked_once_is_counted_exactly(tmp_path, dataset, scripted, embedder):
    (line,) = forecast(plan(dataset, scripted(), embedder, tmp_path, [LongContext(max_tokens=40)])).lines
    assert (line.calls, line.completion_tokens) == (6, 240)
    results = plan(dataset, scripted(), embedder, tmp_path, [LongContext(max_tokens=40)]).run()
    assert line.prompt_tokens == results.table.read_prompt_tokens.sum()
    assert line.dollars == pytest.approx((line.prompt_tokens + 4 * 240) / 1e6)


def test_a_strategy_that_goes_on_as_answers_require_is_marked(tmp_path, dataset, scripted, embedder):
    said = forecast(plan(dataset, scripted(), embedder, tmp_path, [ChunkedRetrieval(), SelfRoute()]))
    assert [line.is_bound for line in said.lines] == [True, False]
    assert said.lines[1].calls == 12  # the second call of each question is among the courses
    assert "self_route †" in str(said) and "not a bound" in str(said).replace("\n  ", " ")
    assert said.total.calls == 18


def test_many_questions_are_sampled_over_all_documents_and_scaled(tmp_path, dataset, scripted, embedder):
    said = forecast(plan(dataset, scripted(), embedder, tmp_path, [LongContext()]), max_questions=2)
    whole = forecast(plan(dataset, scripted(), embedder, tmp_path, [LongContext()]))
    assert said.sample == 2 and said.lines[0].calls == 6
    assert said.lines[0].prompt_tokens == pytest.approx(whole.lines[0].prompt_tokens, rel=0.05)
    assert "Scaled up from 2 questions" in str(said)


def test_a_document_that_does_not_fit_is_told_before_anything_is_paid(tmp_path, dataset, scripted, embedder):
    reader = scripted(context_window=100)
    said = forecast(plan(dataset, reader, embedder, tmp_path, [LongContext()]))
    assert "long_context: 6 of 6 questions failed, the first: " in str(said).replace("\n  ", " ")
    assert said.lines[0].calls == 0 and not said.lines[0].is_bound


def test_an_unknown_price_is_a_dash(tmp_path, dataset, scripted, embedder):
    said = forecast(replace(plan(dataset, scripted(), embedder, tmp_path, [LongContext()]), prices=None))
    assert str(said).splitlines()[4].split()[-1] == "-"


def test_neither_embedder_nor_reranker_is_asked(tmp_path, dataset, scripted):
    class Paid:
        name = "paid"

        def embed(self, texts, kind="document"):
            raise AssertionError("this would cost money")

        count_tokens = embed

    from retrievers import Reranker

    paid = Paid()
    retriever = Reranker(SentenceWindowRetriever(HybridRetriever(embedder=paid)), model=None)
    strategies = [ChunkedRetrieval(), *(s for s in MATRIX if s.name in ("memory", "local_memory"))]
    said = forecast(plan(dataset, scripted(), paid, tmp_path, strategies, retriever))
    assert said.lines[0].is_bound and not any(line.failed for line in said.lines)


def test_bm25_alone_and_its_wider_passages(tmp_path, dataset, scripted, embedder):
    narrow, wide = (
        forecast(plan(dataset, scripted(), embedder, tmp_path, [ChunkedRetrieval(k=2)], r)).lines[0]
        for r in (BM25Retriever(), SentenceWindowRetriever(BM25Retriever(RecursiveChunker(60, 0))))
    )
    assert narrow.prompt_tokens > wide.prompt_tokens > 0


def test_a_dry_run_of_a_hosted_model_needs_no_key_and_writes_nothing(tmp_path, monkeypatch):
    from typer.testing import CliRunner

    from lcrag.cli import app

    (tmp_path / "docs").mkdir()
    (tmp_path / "docs" / "north.md").write_text("Northwind sells kites.")
    (tmp_path / "q.jsonl").write_text(
        '{"question": "What does it sell?", "documents": "north.md", "answers": "x"}'
    )
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("OPENAI_API_KEY", raising=False)
    given = ["--documents", "docs", "--questions", "q.jsonl", "--model", "openai:gpt-4.1", "--dry-run"]
    done = CliRunner().invoke(app, ["run", *given])
    assert done.exit_code == 0, done.output
    header, row = (
        next(x for x in done.output.splitlines() if x.startswith(n)) for n in ("strategy", "long_context")
    )
    assert header.split()[-1] == "dollars" and 0 < float(row.split()[-1]) < 0.01
    assert sorted(p.name for p in tmp_path.iterdir()) == ["docs", "q.jsonl"]
