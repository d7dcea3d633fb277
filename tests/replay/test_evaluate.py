"""Routers beside baselines, by hand and on a world with something to find."""

import time
from dataclasses import replace
from math import isnan, nan

import numpy as np
import pytest

from lcrag.errors import LcragError
from lcrag.replay import cross_replay, evaluate, replay
from lcrag.replay.plots import quality_cost
from lcrag.routers import (
    AdaptiveRAGRouter,
    CascadeRouter,
    Decision,
    FeatureRouter,
    FixedRouter,
    KNNRouter,
    LaRAPrior,
    LaRARule,
    LinUCBRouter,
    LLMRouter,
    ProbeRouter,
    QualityRouter,
    RandomRouter,
    ReplayableRouter,
    TfidfRouter,
    ThompsonRouter,
)
from tests.replay.conftest import small
from tests.routers.conftest import ARMS, make_examples

SEED = 3  # long context is the better strategy here


@pytest.fixture(scope="module")
def world():
    return make_examples(n=240, seed=SEED, documents=20)


@pytest.fixture(scope="module")
def comparison(world):
    routers = [QualityRouter(), TfidfRouter(), ProbeRouter(), RandomRouter(), LaRARule(), CascadeRouter()]
    return evaluate(routers, world)


def test_strategies_and_baselines_are_always_there(comparison):
    table = comparison.table
    names = table["name"].tolist()
    assert names[:2] == list(ARMS) and [n.split(" (")[0] for n in names[-3:]] == [
        "best fixed",
        "random",
        "oracle",
    ]
    assert table["group"].tolist() == ["strategy"] * 2 + ["router"] * 6 + ["baseline"] * 3
    assert (table["group"] == "router").tolist() == table["p_value"].notna().tolist()


def test_the_oracle_is_the_ceiling(comparison):
    table = comparison.table.set_index("name")
    assert (table["accuracy"] <= table.loc["oracle", "accuracy"] + 1e-12).all()
    assert table.loc["oracle", "headroom"] == pytest.approx(1.0)
    assert table.loc["oracle", "regret"] == 0 and table.loc["oracle", "agreement"] == 1
    assert (table["regret"] >= 0).all()
    assert table["regret"].to_numpy() == pytest.approx(table.loc["oracle", "accuracy"] - table["accuracy"])
    assert table.loc[f"best fixed ({comparison.best})", "headroom"] == 0
    middle = table.loc[list(ARMS), "accuracy"].mean()
    assert table.loc["random (mean)", "accuracy"] == pytest.approx(middle)


def test_routers_find_what_is_there_and_it_is_significant(comparison):
    table = comparison.table.set_index("name")
    for name in ("quality_router", "tfidf_router", "lara_rule"):
        assert table.loc[name, "headroom"] > 0.5 and table.loc[name, "p_value"] < 0.01
        assert table.loc[name, "gain_low"] > 0
    assert table.loc["random_router", "gain"] < 0.15
    assert table.loc["probe_router", "overhead"] > 0 and table.loc["tfidf_router", "overhead"] == 0
    assert table.loc["quality_router", "aiq_gain"] > 0.1
    assert table["milliseconds"].notna().tolist() == (table["group"] == "router").tolist()


def test_the_confusion_adds_up(comparison, world):
    for name, table in comparison.confusion.items():
        assert table.to_numpy().sum() == len(world)
        agreement = np.diag(table).sum() / len(world)
        assert agreement == pytest.approx(comparison.table.set_index("name").loc[name, "agreement"])


def test_decisions_say_what_each_choice_scored_and_cost(comparison, world):
    found = comparison.decisions()
    assert list(found.columns) == ["question_id", "model", "router", "strategy", "score", "cost"]
    assert len(found) == 6 * len(world)
    means = found.groupby("router")[["score", "cost"]].mean()
    table = comparison.table.set_index("name")
    for name in means.index:
        assert means.loc[name].tolist() == pytest.approx(table.loc[name, ["accuracy", "cost"]].tolist())


def test_the_print_fits_a_wide_terminal_and_explains_itself(comparison):
    text = str(comparison)
    assert max(map(len, text.splitlines())) <= 160
    assert "240 queries on 20 documents" in text
    for word in ("accuracy [95% CI]", "headroom", "AIQ", "APGR", "CPT 50/80/95", "false accept", "Holm"):
        assert word in text
    assert "undefined" not in text
    assert comparison.to_markdown().count("\n") == 12
    (axes,) = quality_cost(comparison).get_axes()
    assert axes.get_xlabel() == "tokens per question, mean"
    assert {"quality_router", "strategies mixed at random"} <= {t.get_text() for t in axes.get_legend().texts}


def test_undefined_figures_have_a_reason():
    flat = small([[1, 0], [1, 0], [0, 0], [1, 0]], [[1, 9]] * 4)
    found = evaluate([RandomRouter()], flat, resamples=100)
    table = found.table.set_index("name")
    assert isnan(table.loc["random_router", "apgr"]) and isnan(table.loc["random_router", "headroom"])
    text = str(found)
    assert (
        "APGR and CPT are undefined: the dearest strategy (0.000) is not better than the cheapest (0.750)"
        in text
    )
    assert "headroom is undefined: the oracle gains nothing" in text


def test_queries_without_a_score_or_a_cost_are_left_out_and_counted():
    data = small([[1, 0], [0, 1], [0, nan], [1, 0], [0, 1]], [[1, 9], [1, 9], [1, 9], [1, 9], [nan, 9]])
    found = evaluate([RandomRouter()], data, resamples=100)
    assert (found.queries, found.left_out) == (3, 2)
    assert "2 queries without a score or cost of every strategy left out" in str(found)
    assert len(found.decisions()) == 3


class Scripted(ReplayableRouter):
    """Decides as it is told."""

    name = "told"

    def __init__(self, decisions):
        self.decisions = decisions

    def choose(self, queries, candidates):
        return [self.decisions[q.id] for q in queries]


def test_by_hand():
    """Weak costs 1, strong 9. Kept: right, wrong though strong was better. Escalated: to better, equal, worse."""
    scores = [[1, 1], [0, 1], [0, 1], [0, 0], [1, 0]]
    data = small(scores, [[1, 9]] * 5)
    up, stay = Decision("strong", "", ("weak",)), Decision("weak", "", ("weak",))
    told = Scripted(dict(zip([f"q{i}" for i in range(5)], [stay, stay, up, up, up], strict=True)))
    row = evaluate([told], data, split=None, resamples=100).table.set_index("name").loc["told"]
    assert row["accuracy"] == pytest.approx(2 / 5)
    assert row["cost"] == pytest.approx((1 + 1 + 10 + 10 + 10) / 5)
    assert row["overhead"] == pytest.approx(3 / 5)
    assert row["false_accept"] == pytest.approx(1 / 5)  # q1
    assert row["false_decline"] == pytest.approx(2 / 5)  # q3, q4
    assert row["agreement"] == pytest.approx(2 / 5)  # best: weak, strong, strong, weak (cheaper), weak
    assert row["dearest_share"] == pytest.approx(3 / 5)
    assert row["regret"] == pytest.approx(4 / 5 - 2 / 5)
    assert row["gain"] == pytest.approx(2 / 5 - 3 / 5)  # best fixed: strong
    assert row["headroom"] == pytest.approx((2 - 3) / (4 - 3))
    assert row["relative_cost"] == pytest.approx(6.4 / 9)


def test_figures_of_probing_are_for_routers_that_probe(comparison):
    table = comparison.table.set_index("name")
    probing = ["probe_router", "cascade_router"]
    assert table["false_accept"].notna().to_numpy().nonzero()[0].tolist() == [
        table.index.get_loc(n) for n in probing
    ]


def test_what_cannot_be_evaluated(world):
    with pytest.raises(
        LcragError, match="llm_router asks a model: run it as a `routed` strategy instead of replaying"
    ):
        replay(LLMRouter(), world)
    with pytest.raises(LcragError, match="llm_router asks a model"):
        evaluate([LLMRouter()], world)
    with pytest.raises(LcragError, match="would be named 'lara_rule': give the router another `name`"):
        evaluate([LaRARule(), LaRARule()], world)
    for name in ("long_context", "oracle", "random (mean)"):
        with pytest.raises(LcragError, match="give the router another `name`"):
            evaluate([LaRARule(name=name)], world)
    with pytest.raises(LcragError, match="No question is scored in every strategy"):
        evaluate([LaRARule()], replace(world, scores=world.scores * nan))
    with pytest.raises(LcragError, match="quality_router has learned nothing yet"):
        evaluate([QualityRouter()], world, split=None)


def test_a_fitted_router_is_evaluated_as_it_is(world):
    train, test = world.take(range(0, 240, 2)), world.take(range(1, 240, 2))
    fitted = TfidfRouter().fit(train)
    found = evaluate([fitted], test, split=None, resamples=100)
    assert found.split == "none" and "fitted before, on other outcomes" in str(found)
    assert found.replayed["tfidf_router"].chosen.tolist() == replay(fitted, test).chosen.tolist()


@pytest.mark.parametrize("split", ["task", "model"])
def test_other_splits(world, split):
    found = evaluate([TfidfRouter(), FixedRouter("long_context")], world, split=split, resamples=100)
    assert f"cross-validated by {split}" in str(found)


def test_cross_replay_puts_folds_back_in_order(world):
    done = cross_replay(LaRARule(), world)
    assert done.chosen.tolist() == replay(LaRARule(), world).chosen.tolist()
    assert done.scores.tolist() == world.scores[np.arange(len(world)), done.chosen].tolist()


def test_ten_thousand_outcomes_are_replayed_in_under_two_seconds(world):
    """5,000 queries with two strategies each, through every router that asks no model."""
    many = make_examples(n=5000, seed=3, documents=100)
    routers = [
        FixedRouter("long_context"), RandomRouter(), LaRARule(), LaRAPrior(), FeatureRouter(), QualityRouter(),
        FeatureRouter(estimator="boosting", calibrate="isotonic"), KNNRouter(), TfidfRouter(), AdaptiveRAGRouter(),
        ProbeRouter(), CascadeRouter(), LinUCBRouter(), ThompsonRouter(), QualityRouter(probe="chunked_retrieval"),
    ]  # fmt: skip
    for router in routers:
        fitted = router.fit(world)
        start = time.process_time()
        replay(fitted, many)
        assert time.process_time() - start < 2.0, router.name
