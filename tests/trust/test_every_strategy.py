"""Every strategy against a server that counts: what is booked is what was sent, and dollars are a bill made by hand."""

from __future__ import annotations

from dataclasses import replace

import pytest

from embedders.openai import OpenAIEmbedder
from lcrag.components import names
from lcrag.outcomes.costs import with_costs
from lcrag.strategies import LocalMemory
from tests.strategies.conftest import MATRIX
from tests.trust.accounts import bill, booked

pytest.importorskip("faiss")
pytest.importorskip("sentence_transformers")

every_strategy = pytest.mark.parametrize("strategy", MATRIX, ids=lambda s: s.name)


@every_strategy
def test_tokens_calls_and_dollars_are_the_servers(strategy, alone, record_property):
    results, counted = alone(strategy)
    amounts = booked(results.outcomes)
    tokens = ("prompt", "cached", "completion", "embedded", "reranked")
    record_property("tokens", sum(counted[name] for name in tokens))
    record_property("differing", sum(round(abs(amounts[name] - counted[name])) for name in tokens))
    assert counted["calls"] > 0
    assert amounts == pytest.approx({name: counted[name] for name in amounts}, rel=1e-9)

    dollars = with_costs(results.table, "dollars")["dollars"].sum()
    record_property("dollars", bill(counted))
    record_property("worst_dollars", abs(dollars / bill(counted) - 1))
    assert dollars == pytest.approx(bill(counted), rel=1e-9)
    assert sum(o.usage.total.dollars for o in results.outcomes) == pytest.approx(bill(counted), rel=1e-9)


@every_strategy
def test_what_is_built_once_is_shared_equally(strategy, alone, record_property):
    outcomes = alone(strategy)[0].outcomes
    for first, second in (outcomes[:2], outcomes[2:]):
        assert first.document_id == second.document_id
        for role in ("build", "index"):
            mine, other = first.usage[role], second.usage[role]
            for amount in ("prompt_tokens", "cached_tokens", "completion_tokens", "calls", "dollars"):
                assert getattr(mine, amount) == pytest.approx(getattr(other, amount)), (role, amount)
    record_property("built", round(sum(o.usage.sum(("build", "index")).prompt_tokens for o in outcomes)))


@pytest.mark.slow
@pytest.mark.parametrize(
    "strategy", MATRIX[: len(names("strategy"))], ids=lambda s: s.name
)  # without variants
def test_a_real_embedder_read_what_is_booked(strategy, run, minilm, record_property):
    """MiniLM in this process: the tokens are counted where its transformer reads them."""
    results, counted = run([strategy], minilm)
    amounts = booked(results.outcomes)
    record_property("tokens", counted["embedded"] + counted["reranked"])
    record_property("differing", sum(round(abs(amounts[n] - counted[n])) for n in ("embedded", "reranked")))
    for name in ("embedded", "reranked", "reranks"):
        assert amounts[name] == pytest.approx(counted[name]), name


def test_all_in_one_run_cost_what_each_costs_alone(run, alone, running_server, record_property):
    """And their prompts are the same. What the server cached depends on who came first: see test_own_prefixes.py."""
    together = run(MATRIX, OpenAIEmbedder("e", running_server.url))[0].outcomes
    for strategy in MATRIX:
        mine = [o for o in together if o.strategy == strategy.name]
        theirs = alone(strategy)[0].outcomes
        assert [o.prompt_hash for o in mine] == [o.prompt_hash for o in theirs], strategy.name
        amounts, expected = booked(mine), booked(theirs)
        for name in set(amounts) - {"cached", "foreign"}:
            assert amounts[name] == pytest.approx(expected[name]), (strategy.name, name)
    record_property("strategies", len(MATRIX))
    record_property("rows", len(together))


@pytest.mark.parametrize("settings", [{"tokenizer": ""}, {"send_cache_salt": False}], ids=str)
@pytest.mark.parametrize("name", ["long_context", "memory_facts", "ensemble"])
def test_no_cached_token_is_lost(name, settings, run, running_server):
    """Without tokenizer or salts it is estimated which reused tokens are the strategy's own; the rest is shown, too."""
    embedder = OpenAIEmbedder("e", running_server.url)
    results, counted = run([next(s for s in MATRIX if s.name == name)], embedder, **settings)
    amounts = booked(results.outcomes)
    assert amounts["cached"] + amounts["foreign"] == pytest.approx(counted["cached"])
    assert amounts["prompt"] == pytest.approx(counted["prompt"])


@pytest.mark.parametrize("name", ["long_context", "memory_facts"])
def test_a_server_that_keeps_strategies_apart_is_believed(name, run, running_server):
    embedder = OpenAIEmbedder("e", running_server.url)
    results, counted = run([next(s for s in MATRIX if s.name == name)], embedder, tokenizer="")
    assert booked(results.outcomes)["cached"] == pytest.approx(counted["cached"])


def test_a_text_that_stands_twice_is_booked_twice_as_a_server_counts_it(run, running_server, minilm, small):
    """MiniLM reads equal texts of one call once; the rows do not depend on where the model runs."""
    twice = " It is kept at the office. It was read. It is kept at the office."
    data = replace(small, documents=tuple(replace(d, text=d.text + twice) for d in small.documents))
    server, counted = run([LocalMemory(chunk_chars=300)], OpenAIEmbedder("e", running_server.url), data)
    local, read = run([LocalMemory(chunk_chars=300)], minilm, data)
    assert booked(server.outcomes)["embedded"] == pytest.approx(counted["embedded"])
    assert booked(local.outcomes)["embedded"] == pytest.approx(counted["embedded"])
    assert read["embedded"] < counted["embedded"]


def test_a_router_that_retrieves_for_some_questions_books_their_share_of_the_index(
    run, running_server, small
):
    """One of two questions on a document retrieves: half of the index is booked, since a share depends on no answer."""
    kinds = [
        replace(q, kind=kind) for q, kind in zip(small.questions, ("location", "reasoning") * 2, strict=True)
    ]
    routed = next(s for s in MATRIX if s.name == "routed")
    embedder = OpenAIEmbedder("e", running_server.url)
    results, counted = run([routed], embedder, replace(small, questions=tuple(kinds)))
    index = sum(o.usage["index"].prompt_tokens for o in results.outcomes)
    queries = sum(o.usage["embed"].prompt_tokens for o in results.outcomes)
    assert counted["embedded"] == pytest.approx(2 * index + queries)
