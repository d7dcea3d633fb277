"""From outcomes to examples: scores, costs in every unit, and what a router may see."""

from dataclasses import dataclass

import numpy as np
import pandas as pd
import pytest

from lcrag.cost.config import known_models
from lcrag.cost.model import ModelSpec
from lcrag.cost.price import dollars
from lcrag.cost.price_cards import PriceCard, RentedHardware
from lcrag.errors import LcragError
from lcrag.outcomes.costs import cost_of
from lcrag.replay import evaluate, examples_of, replay
from lcrag.routers import (
    CascadeRouter,
    Decision,
    FixedRouter,
    LinUCBRouter,
    ProbeRouter,
    QualityRouter,
    ReplayableRouter,
)

RAG, ALL = "chunked_retrieval", "long_context"


def costs(table, **settings):
    found = examples_of(table, strategies=[RAG, ALL], **settings).costs
    assert (found == found[0]).all()  # all questions are alike
    return found[0].tolist()


def test_scores_and_queries(outcomes):
    found = examples_of(outcomes.sample(frac=1, random_state=3), strategies=[ALL, RAG])
    assert found.strategies == (ALL, RAG) and len(found) == 4
    order = {q.id: i for i, q in enumerate(found.queries)}
    assert found.scores[[order[f"q{i}"] for i in range(4)]].tolist() == [[0, 1], [1, 0], [0, 1], [1, 0]]
    query = found.queries[order["q1"]]
    assert (query.text, query.kind, query.model, query.tokens) == (
        "What is q1?",
        "comparison",
        "llama-3.1-8b",
        900,
    )
    assert query.features["window_ratio"] == pytest.approx(900 / 8000) and query.features["words"] == 3
    assert query.signals[RAG]["declined"] == 1.0 and query.signals[ALL]["declined"] == 0.0
    assert query.signals[RAG]["support"] == 0.0 and "secret" not in query.signals[RAG]
    assert query.embedding is None


def test_tokens_warm_and_cold(outcomes):
    assert costs(outcomes) == [110.0, 210.0]
    assert costs(outcomes, cache="cold") == [110.0, 1010.0]
    routed = outcomes.assign(route_prompt_tokens=7.0, route_completion_tokens=1.0)
    assert costs(routed) == [118.0, 218.0]


def test_what_the_reader_built_counts_and_an_embedders_work_does_not(outcomes):
    embedded = outcomes.assign(index_prompt_tokens=500.0)
    assert costs(embedded) == costs(outcomes)
    written = embedded.assign(
        build_prompt_tokens=500.0, build_completion_tokens=20.0, build_cached_tokens=100.0
    )
    assert costs(written) == [110.0 + 420, 210.0 + 420]
    assert costs(written, cache="cold") == [110.0 + 520, 1010.0 + 520]
    card = PriceCard(1.0, 2.0, cached_mtok=0.5)
    assert costs(written, cost="dollars", prices=card)[0] == pytest.approx(
        (100 + 400 + 100 * 0.5 + 2 * 30) / 1e6
    )


def test_dollars_by_a_card_as_recorded_and_as_published(outcomes):
    card = PriceCard(1.0, 2.0, cached_mtok=0.5)
    warm, cold = (costs(outcomes, cost="dollars", prices=card, cache=c) for c in ("warm", "cold"))
    assert warm == pytest.approx([120e-6, 620e-6]) and cold == pytest.approx([120e-6, 1020e-6])
    gpt = outcomes.assign(model="gpt-4o")
    assert costs(gpt, cost="dollars") == [dollars("gpt-4o", 100, 0, 10), dollars("gpt-4o", 1000, 800, 10)]
    assert costs(gpt.assign(read_dollars=0.25), cost="dollars") == [0.25, 0.25]
    assert costs(gpt.assign(read_dollars=0.25), cost="dollars", cache="cold")[1] == dollars(
        "gpt-4o", 1000, 0, 10
    )
    rented = RentedHardware(gpu_hour=3600.0)
    assert np.isnan(cost_of(outcomes, "dollars", prices=rented)).all()  # how long it took is not known
    assert costs(outcomes.assign(read_seconds=2.0), cost="dollars", prices=rented) == [2.0, 2.0]


def test_flops_by_the_models_shape(outcomes):
    spec = ModelSpec.from_config(known_models()["llama-3.1-8b"])
    assert costs(outcomes, cost="flops") == [spec.flops(100, 0, 10), spec.flops(1000, 800, 10)]
    assert costs(outcomes, cost="flops", cache="cold") == [spec.flops(100, 0, 10), spec.flops(1000, 0, 10)]
    assert costs(outcomes.assign(read_flops=7.0), cost="flops") == [7.0, 7.0]
    assert np.isnan(cost_of(outcomes.assign(model="gpt-4o"), "flops")).all()  # its shape is not published


def test_auto_is_flops_where_all_were_recorded_else_tokens(outcomes):
    assert (costs(outcomes, cost="auto"), examples_of(outcomes, cost="auto").unit) == ([110, 210], "tokens")
    recorded = outcomes.assign(read_flops=7.0)
    assert (costs(recorded, cost="auto"), examples_of(recorded, cost="auto").unit) == ([7, 7], "flops")
    outside = outcomes[outcomes["strategy"] == RAG].assign(strategy="memory", read_flops=np.nan)
    assert examples_of(pd.concat([recorded, outside]), strategies=[RAG, ALL], cost="auto").unit == "tokens"


def test_a_failed_row_has_no_cost(outcomes):
    """Also with a tiered price, which does not take NaN for an answer."""
    outcomes["model"] = "gemini-1.5-pro"
    outcomes.loc[1, ["error", "score", "read_prompt_tokens"]] = ["It failed.", np.nan, np.nan]
    for unit in ("tokens", "dollars"):
        for cache in ("warm", "cold"):
            assert cost_of(outcomes, unit, cache).isna().tolist() == [False, True] + [False] * 6


def test_costs_of_tables_put_together(outcomes):
    """Labels of rows may be there twice, and some of them failed."""
    outcomes.loc[1, ["error", "score"]] = ["It failed.", np.nan]
    both = pd.concat([outcomes, outcomes.assign(model="gpt-4o")])
    for unit in ("tokens", "flops", "dollars"):
        one, other = cost_of(outcomes, unit), cost_of(outcomes.assign(model="gpt-4o"), unit)
        assert np.array_equal(cost_of(both, unit), [*one, *other], equal_nan=True)


def test_a_query_without_all_strategies_is_left_out(outcomes):
    assert [q.id for q in examples_of(outcomes.drop(index=3)).queries] == ["q0", "q2", "q3"]
    two = pd.concat([outcomes, outcomes.assign(model="gpt-4o").drop(index=[0, 1])])
    assert [(q.id, q.model) for q in examples_of(two).queries].count(("q0", "gpt-4o")) == 0
    assert len(examples_of(two)) == 7


def test_closed_book_is_no_candidate_unless_it_is_named(outcomes):
    closed = outcomes[outcomes["strategy"] == RAG].assign(strategy="no_text", closed_book=True)
    both = pd.concat([outcomes, closed])
    assert examples_of(both).strategies == (RAG, ALL)
    assert examples_of(both, strategies=["no_text", RAG]).strategies == ("no_text", RAG)
    old = both.drop(columns="closed_book")
    assert examples_of(old).strategies == (RAG, ALL, "no_text")
    assert examples_of(old.replace({"strategy": {"no_text": "closed_book"}})).strategies == (RAG, ALL)


def test_lengths_are_nominal_or_thirds_of_the_documents(outcomes):
    assert examples_of(outcomes.assign(length="32k")).lengths == ("32k",) * 4
    outcomes["document_tokens"] = np.repeat([100.0, 200.0, 300.0, 400.0], 2)
    assert examples_of(outcomes).lengths == ("short", "short", "middle", "long")
    assert examples_of(outcomes.drop(columns="document_tokens")).lengths == ()


def test_each_distinct_question_is_embedded_once_as_a_query(outcomes, embedder):
    calls = []

    class Recording(type(embedder)):
        def embed(self, texts, kind="document"):
            calls.append((list(texts), kind))
            return super().embed(texts, kind)

    examples = examples_of(outcomes.assign(question="the same"), embedder=Recording())
    assert calls == [(["the same"], "query")]
    assert all((q.embedding == embedder.embed_query("the same")).all() for q in examples.queries)


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"strategies": [RAG, "gist"]}, "no strategy 'gist' in the outcomes; there are: chunked_retrieval, long"),
        ({"strategies": [RAG]}, "at least two strategies"),
        ({"cost": "hours"}, "counted in tokens, flops or dollars, or auto, not in 'hours'"),
        ({"cache": "lukewarm"}, "A cache is warm or cold, not 'lukewarm'"),
    ],
)  # fmt: skip
def test_bad_input(outcomes, settings, message):
    with pytest.raises(LcragError, match=message):
        examples_of(outcomes, **settings)


def test_no_common_question(outcomes):
    with pytest.raises(
        LcragError, match="No question was answered by all of: chunked_retrieval, long_context"
    ):
        examples_of(outcomes.iloc[[0, 3]])


@dataclass(frozen=True)
class Peeking(ReplayableRouter):
    """Looks at answers that it has not asked for."""

    asks: str = ""
    name: str = "peeking"

    @property
    def probes(self):
        return (self.asks,) if self.asks else ()

    def choose(self, queries, candidates):
        return [Decision(ALL, repr({s: q.signals.get(s) for s in candidates}), self.probes) for q in queries]


def test_a_router_sees_the_signals_of_its_probes_alone(outcomes):
    examples = examples_of(outcomes)
    seen = []

    class Recording(Peeking):
        def choose(self, queries, candidates):
            seen.extend(queries)
            return super().choose(queries, candidates)

    assert (replay(Recording(), examples).costs == 210).all()
    assert all(q.signals == {} and q.answers == {} for q in seen)
    seen.clear()
    assert (replay(Recording(asks=RAG), examples).costs == 110 + 210).all()  # what is looked at is paid for
    assert all(set(q.signals) == {RAG} for q in seen)


def test_a_router_that_chooses_what_was_not_run(outcomes):
    class Astray(Peeking):
        def choose(self, queries, candidates):
            return [Decision("gist")] * len(queries)

    with pytest.raises(
        LcragError, match="Router peeking chose 'gist', but the strategies are: chunked_retrieval"
    ):
        replay(Astray(), examples_of(outcomes))


def test_without_costs_accuracy_can_be_replayed_but_not_a_price_weighed(outcomes):
    unknown = outcomes.assign(model="gpt-4o")
    examples = examples_of(unknown, cost="flops")
    assert np.isnan(examples.costs).all()
    done = replay(FixedRouter(ALL), examples)
    assert done.scores.tolist() == [0, 1, 0, 1] and np.isnan(done.costs).all()
    for router in (QualityRouter(estimator="linear"), LinUCBRouter(), ProbeRouter()):
        assert len(replay(router.fit(examples), examples).scores) == 4
    for router in (
        QualityRouter(cost_weight=0.1),
        LinUCBRouter(cost_weight=0.1),
        ProbeRouter(cost_weight=0.1),
    ):
        with pytest.raises(
            LcragError, match=f"{router.name} weighs quality against cost, but the outcomes do not say"
        ):
            router.fit(examples)
    with pytest.raises(LcragError, match="no question has score and cost of every strategy"):
        CascadeRouter().fit(examples)
    with pytest.raises(LcragError, match="do not say what every strategy cost in flops"):
        evaluate([QualityRouter()], examples)


def test_near_duplicate_documents_are_one_cluster(outcomes):
    assert examples_of(outcomes).clusters == ("a", "a", "b", "b")
    grouped = outcomes.assign(document_group=["a"] * 4 + [""] * 4)
    assert examples_of(grouped).clusters == ("a", "a", "b", "b")
    assert set(examples_of(outcomes.assign(document_group="a")).clusters) == {"a"}
