"""Every strategy against a server that counts: what is booked is what was sent, and dollars are a bill made by hand."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from functools import cache

import pytest

from embedders.openai import OpenAIEmbedder
from lcrag import Experiment
from lcrag.components import names
from lcrag.cost.price_cards import PriceCard
from lcrag.cost.prices import Prices
from lcrag.experiment.results import Results
from lcrag.outcomes.costs import with_costs
from lcrag.readers import OpenAIReader
from lcrag.schema import READER_ROLES
from lcrag.strategies import LocalMemory
from retrievers.chunkers import RecursiveChunker
from retrievers.hybrid import HybridRetriever
from retrievers.reranker import Reranker
from tests.strategies.conftest import MATRIX
from tests.trust.conftest import count_models

pytest.importorskip("faiss")
pytest.importorskip("sentence_transformers")

every_strategy = pytest.mark.parametrize("strategy", MATRIX, ids=lambda s: s.name)
INPUT, CACHED, OUTPUT, EMBED, RERANK = 3.0, 0.75, 12.0, 0.02, 0.05  # dollars per million tokens
CARDS = Prices(PriceCard(INPUT, OUTPUT, CACHED), PriceCard(EMBED, 0), PriceCard(RERANK, 0))


@pytest.fixture(scope="session")
def run(small, running_server, cross_encoder, chat_tokenizer, tmp_path_factory):
    """Runs strategies and gives the results, with what server and models counted until the last answer.

    After it the run embeds each question once more, for the features that routers see; no strategy needs them.
    """

    # one request at a time: those that are in flight together may come to the server in another order
    exact = {"tokenizer": chat_tokenizer, "send_cache_salt": True, "max_concurrency": 1}

    def run(strategies, embedder, dataset=small, **settings):
        counted: Counter = Counter()
        running_server.start_anew()
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(Results, "write", lambda self: None)  # pictures and pages count nothing
            read_by_models = count_models(patch)

            def count(row, resumed):
                counted.clear()
                counted.update(counts(running_server.calls, read_by_models))

            results = Experiment(
                dataset=dataset,
                reader=OpenAIReader("m", running_server.url, **(exact | settings)),
                strategies=strategies,
                output=tmp_path_factory.mktemp("run"),
                retriever=Reranker(
                    HybridRetriever(embedder, RecursiveChunker(300, 0)), cross_encoder, fetch=4
                ),
                embedder=embedder,
                prices=CARDS,
            ).run(count)
        assert not results.failed, results.failed[0].error
        return results, counted

    return run


@pytest.fixture(scope="session")
def alone(run, running_server):
    """One strategy in a run of its own, with an embedding server; it is run once, however many tests look at it."""
    return cache(lambda strategy: run([strategy], OpenAIEmbedder("e", running_server.url)))


def counts(calls, read_by_models):
    """What the servers and the models have counted."""
    chats = [c for c in calls if c.path == "chat"]
    embeddings = [c for c in calls if c.path == "embeddings"]
    return Counter(
        {
            "prompt": sum(c.prompt for c in chats),
            "cached": sum(c.cached for c in chats),
            "foreign": 0,
            "completion": sum(c.completion for c in chats),
            "calls": len(chats),
            "embedded": sum(c.prompt for c in embeddings) if embeddings else read_by_models[384],
            "embeddings": len(embeddings),
            "reranked": read_by_models[8],
            "reranks": read_by_models["predict"],
        }
    )


def booked(outcomes):
    """The same amounts, as the rows have them."""

    def total(roles, amount):
        return sum(getattr(o.usage.sum(roles), amount) for o in outcomes)

    embedder, reranker = ("embed", "index"), ("rerank",)
    return {
        "prompt": total(READER_ROLES, "prompt_tokens"),
        "cached": total(READER_ROLES, "cached_tokens"),
        "foreign": total(READER_ROLES, "foreign_cached_tokens"),
        "completion": total(READER_ROLES, "completion_tokens"),
        "calls": total(READER_ROLES, "calls"),
        "embedded": total(embedder, "prompt_tokens"),
        "embeddings": total(embedder, "calls"),
        "reranked": total(reranker, "prompt_tokens"),
        "reranks": total(reranker, "calls"),
    }


def bill(counted):
    """Dollars, as one would reckon them from the servers' logs with a pencil."""
    return (
        (counted["prompt"] - counted["cached"]) * INPUT / 1_000_000
        + counted["cached"] * CACHED / 1_000_000
        + counted["completion"] * OUTPUT / 1_000_000
        + counted["embedded"] * EMBED / 1_000_000
        + counted["reranked"] * RERANK / 1_000_000
    )


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
def test_what_is_built_once_is_shared_equally(strategy, alone):
    outcomes = alone(strategy)[0].outcomes
    for first, second in (outcomes[:2], outcomes[2:]):
        assert first.document_id == second.document_id
        for role in ("build", "index"):
            mine, other = first.usage[role], second.usage[role]
            for amount in ("prompt_tokens", "cached_tokens", "completion_tokens", "calls", "dollars"):
                assert getattr(mine, amount) == pytest.approx(getattr(other, amount)), (role, amount)


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
