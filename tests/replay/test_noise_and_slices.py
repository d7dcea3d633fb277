"""What of a headroom is chance, where a router gains, and what its expectations are worth."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from lcrag.errors import LcragError
from lcrag.replay import evaluate, gains_by, not_worse, repeatable, selective
from lcrag.replay.replayed import settle
from lcrag.replay.selective import arms_not_worse
from lcrag.routers import Decision, FixedRouter, LaRARule
from tests.replay.conftest import small


def runs(scores, models, seed=False):
    """The same questions answered by each model; with ``seed`` all runs are of one model."""
    n = len(scores) // len(models)
    world = small(scores, [[1, 9]] * len(scores))
    queries = tuple(
        replace(q, id=f"q{i % n}", model="m" if seed else models[i // n]) for i, q in enumerate(world.queries)
    )
    return replace(world, queries=queries, documents=tuple(f"d{i % n % 20}" for i in range(len(scores))))


@pytest.mark.parametrize(
    ("seed", "others"), [(False, "other models"), (True, "other runs of the same model")]
)
def test_of_two_coins_all_headroom_is_chance_and_of_two_experts_none(seed, others):
    rng = np.random.default_rng(0)
    coins = (rng.random((2000, 2)) < 0.5).astype(float)
    by_luck = repeatable(runs(coins, ["a", "b"], seed))
    assert by_luck.headroom > 0.2 and abs(by_luck.share) < 0.08
    better = np.tile(np.eye(2)[rng.integers(0, 2, 1000)], (2, 1))
    known = repeatable(runs(better, ["a", "b"], seed))
    assert known.share == pytest.approx(1) and known.together == pytest.approx(known.headroom)
    assert others in str(known) and "100%" in str(known)


def test_one_run_of_each_question_says_nothing_of_chance():
    assert repeatable(small([[0, 1], [1, 0]], [[1, 9]] * 2)) is None
    assert repeatable(runs([[1, 0]] * 4, ["a", "b"])) is None  # no headroom


def test_a_table_says_what_is_chance_and_who_gains_on_one_kind_only():
    compares = np.arange(400) % 2 == 1
    scores = np.where(compares[:, None], [0.8, 1.0], [1.0, 0.5])
    documents, arms = [f"d{i // 8}" for i in range(400)], ("chunked_retrieval", "long_context")
    world = small(scores, [[1, 9]] * 400, documents, arms)
    queries = [
        replace(q, kind="comparison" if c else "location")
        for q, c in zip(world.queries, compares, strict=True)
    ]
    world = replace(world, queries=tuple(queries))
    comparison = evaluate([LaRARule(), FixedRouter("long_context")], world, resamples=200)
    text = " ".join(str(comparison).split())
    assert "kind of question only (comparison; on no other is the 95% interval above 0): lara_rule." in text
    table = gains_by([q.kind for q in queries], comparison.replayed["lara_rule"], world).set_index("slice")
    assert table.loc["location", "gain"] == 0 and table.loc["location", "escalated"] == 0
    assert table.loc["comparison", ["gain", "headroom", "contribution"]].tolist() == pytest.approx(
        [0.2, 0.2, 1]
    )


def test_calibration_and_risk_by_coverage():
    world = small([[1, 0]] * 50 + [[0, 0]] * 50, [[1, 9]] * 100)
    replayed = settle("x", [Decision("weak")] * 100, world)
    assert selective(replayed) is None
    sure = np.column_stack([np.r_[np.ones(50), np.zeros(50)], np.zeros(100)])
    good = selective(replace(replayed, quality=sure))
    assert good.error == 0 and good.risk(0.5) == 0 and good.risk(1.0) == pytest.approx(0.5)
    wrong = selective(replace(replayed, quality=1 - sure))
    assert wrong.error == pytest.approx(1) and wrong.risk(0.5) == pytest.approx(1) and wrong.area > good.area
    flat = selective(replace(replayed, quality=np.full((100, 2), 0.5)))
    assert flat.error == pytest.approx(0.5)  # its order is that of the queries


def test_no_worse_by_a_margin():
    rng = np.random.default_rng(2)
    first, clusters = (rng.random(600) < 0.7).astype(float), [f"d{i // 10}" for i in range(600)]
    second = np.where(rng.random(600) < 0.1, rng.random(600) < 0.7, first).astype(float)
    shown = not_worse(first, second, clusters, 0.05)
    assert shown.is_shown and shown.low > -0.05 and 0 < shown.detectable < 0.1
    assert not not_worse(first, second, clusters, 0.0001).is_shown
    assert not not_worse(first - 0.1, second, clusters, 0.05).is_shown
    with pytest.raises(LcragError, match="margin is 0, but must be above 0"):
        not_worse(first, second, clusters, 0)
    world = small(np.column_stack([first, second]), [[1, 9]] * 600, clusters)
    assert arms_not_worse(world, 0.05).difference == pytest.approx(shown.difference)
