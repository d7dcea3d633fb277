"""Prices, budgets and demonstrations of an application."""

import pytest

from lcrag import Application, Budget, Limits, MemoryReading
from lcrag.cost.price_cards import PriceCard
from lcrag.errors import LcragError
from lcrag.runtime.caps import OverBudget
from lcrag.strategies import DRAG, ChunkedRetrieval, LongContext
from lcrag.testing.world import WordEmbedder, dataset
from retrievers.bm25 import BM25Retriever
from retrievers.chunkers import RecursiveChunker

FOUNDED = {"question": "When was Northwind founded?", "documents": "north.md"}
PRICE = PriceCard(input_mtok=1.0, output_mtok=2.0)


def test_prices(serve):
    usage = serve(LongContext(), prices=PRICE).invoke(FOUNDED)["usage"]
    expected = usage["prompt_tokens"] + 2 * usage["completion_tokens"]
    assert usage["dollars"] == pytest.approx(expected * 1e-6)


def test_fractions_of_a_kv_cache_are_those_of_the_whole(serve):
    result = serve(MemoryReading()).invoke(FOUNDED)
    fractions = ("kv_stored_fraction", "kv_loaded_fraction")
    assert [result[part][f] for part in ("usage", "build") for f in fractions] == [1.0] * 4


def test_a_question_has_a_cap(serve, scripted):
    reader = scripted()
    app = serve(LongContext(), reader, budget=Budget(question=Limits(tokens=100)))
    with pytest.raises(OverBudget, match=r"budget\.question\.tokens = 100"):
        app.invoke(FOUNDED)
    assert not reader.requests
    small = serve(ChunkedRetrieval(k=1), reader, budget=Budget(question=Limits(tokens=200)))
    assert [small.invoke(FOUNDED)["answer"] for _ in range(5)] == ["1987"] * 5  # each has a cap of its own


def test_an_application_has_a_cap_that_a_restart_does_not_lift(serve, tmp_path):
    def start():
        budget = Budget(experiment=Limits(dollars=0.0005))
        return serve(LongContext(), prices=PRICE, budget=budget, keep=tmp_path)

    app, answered = start(), 0
    with pytest.raises(OverBudget, match=r"budget\.experiment\.dollars"):
        for _ in range(9):
            app.invoke(FOUNDED)
            answered += 1
    assert answered == 2
    assert app.spent.dollars < 0.0005
    restarted = start()
    assert restarted.spent == app.spent
    with pytest.raises(OverBudget):
        restarted.invoke(FOUNDED)
    (tmp_path / "spent.json").write_text("[]")
    with pytest.raises(LcragError, match=r"spent\.json cannot be read"):
        start()


def test_a_cap_in_dollars_needs_a_price(serve):
    with pytest.raises(LcragError, match="dollars of scripted are not known"):
        serve(LongContext(), budget=Budget(question=Limits(dollars=1)))


def test_what_is_built_once_counts_for_the_application_and_for_no_question(serve):
    memory = MemoryReading(k=1, chunk_chars=200, keys="fact")
    app = serve(memory, budget=Budget(question=Limits(tokens=250)))
    first, second = app.invoke(FOUNDED), app.invoke(FOUNDED)
    assert first["build"]["prompt_tokens"] > 250  # one call for each value
    assert second["build"]["prompt_tokens"] == 0
    assert first["usage"]["prompt_tokens"] == second["usage"]["prompt_tokens"] < 250
    parts = [first["build"], first["usage"], second["usage"]]
    assert app.spent.prompt_tokens == sum(part["prompt_tokens"] for part in parts)


def test_demonstrations_are_shown_and_their_documents_are_not_searched(scripted):
    reader = scripted()
    app = Application(
        DRAG(k=1, m=1), reader, {"east.md": "Eastbay sells boats."}, embedder=WordEmbedder(),
        retriever=BM25Retriever(RecursiveChunker(200, 0)), demonstrations=dataset(),
    )  # fmt: skip
    result = app.invoke("What does Eastbay sell?")
    assert "Where was Northwind founded?" in reader.requests[-1].messages[-1].content
    assert {s.metadata["document"] for s in result["sources"]} == {"east.md"}
    assert list(app.documents) == ["east.md"]
    with pytest.raises(LcragError, match="no document 'north"):
        app.invoke(FOUNDED)
