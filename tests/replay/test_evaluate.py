"""Routers beside baselines, by hand and on a world with something to find."""

import time
from dataclasses import replace
from math import isnan, nan

import numpy as np
import pytest

from lcrag.errors import LcragError
from lcrag.replay import cross_replay, evaluate, replay
from lcrag.replay.curve import curve_of
from lcrag.replay.nested import nested_aiq
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
from lcrag.statistics import SCORES, clustered_mean, two_way_mean
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


class Lottery(ReplayableRouter):
    """Decides at random."""

    name = "lottery"

    def choose(self, queries, candidates):
        rng = np.random.default_rng(0)
        return [Decision(candidates[i]) for i in rng.integers(0, 2, len(queries))]


def test_a_curve_gains_nothing_on_documents_that_it_was_not_chosen_on():
    """Of many random options the luckiest make a hull that looks better than it is."""
    lucky, nested = [], []
    for seed in range(20):
        rng = np.random.default_rng(seed)
        data = small((rng.random((60, 2)) < (0.4, 0.6)).astype(float), [[1, 9]] * 60)
        costs = np.where(rng.random((40, 60)) < 0.5, 1.0, 9.0)
        options = costs, np.where(costs == 1, data.scores[:, 0], data.scores[:, 1])
        mixed = curve_of([], data).aiq
        lucky.append(curve_of(list(zip(*(o.mean(1) for o in options), strict=True)), data).aiq - mixed)
        empty = np.empty((0, 60))
        nested.append((nested_aiq(options, data) - nested_aiq((empty, empty), data)).mean())
    assert np.mean(lucky) > 0.03 and np.mean(nested) < 0.005


def test_nested_aiq_of_mixing_two_strategies_by_hand():
    """At any share the line between them: half of the one and half of the other."""
    data = small([[0, 1], [1, 1], [0, 1], [1, 1]], [[1, 9]] * 4)
    empty = np.empty((0, 4))
    assert nested_aiq((empty, empty), data).tolist() == pytest.approx([0.5, 1, 0.5, 1])
    one = replace(data, documents=("d",) * 4)
    assert np.isnan(nested_aiq((empty, empty), one)).all()


def test_figures_of_curves_have_intervals(comparison):
    row = comparison.table.set_index("name").loc["quality_router"]
    assert row["aiq_low"] < row["aiq"] < row["aiq_high"]
    assert 0 < row["aiq_gain_low"] < row["aiq_gain"] < row["aiq_gain_high"]


def test_tables_of_several_models_have_an_interval_for_other_models_too(comparison, world):
    table = comparison.table.set_index("name")
    expected = two_way_mean(world.scores[:, 0], world.documents, [q.model for q in world.queries])
    assert (table.loc[ARMS[0], "low_two_way"], table.loc[ARMS[0], "high_two_way"]) == (
        expected.low,
        expected.high,
    )
    assert "2 models answered these questions" in str(comparison) and "by model too" in str(comparison)
    alone = evaluate([RandomRouter()], small([[1, 0], [0, 1], [1, 1]], [[1, 9]] * 3), resamples=100)
    assert alone.table["low_two_way"].isna().all() and "by model too" not in str(alone)


def test_the_share_of_the_headroom_has_a_spread_over_seeds_of_the_folds(world, comparison):
    assert comparison.table["headroom_sd"].isna().all() and "`fold_seeds=5` tells by how much" in str(
        comparison
    )
    repeated = evaluate([TfidfRouter(), LaRARule()], world, fold_seeds=3, resamples=100)
    table = repeated.table.set_index("name")
    highest, best = world.scores.max(1).mean(), world.scores.mean(0).max()
    shares = [
        (cross_replay(TfidfRouter(), world, seed=s).scores.mean() - best) / (highest - best) for s in range(3)
    ]
    assert table.loc["tfidf_router", "headroom_sd"] == pytest.approx(np.std(shares, ddof=1))
    assert table.loc["lara_rule", "headroom_sd"] == 0  # learns nothing
    assert "±" in str(repeated)


def test_near_duplicate_documents_are_one_cluster_of_intervals(world):
    groups = tuple(f"g{int(d[1:]) % 5}" for d in world.documents)
    grouped = evaluate([LaRARule()], replace(world, document_groups=groups), resamples=100)
    assert "Documents that share text count as one: 5 clusters" in str(grouped)
    expected = clustered_mean(world.scores[:, 0], groups, bounds=SCORES)
    assert grouped.table.loc[0, "low"] == expected.low
