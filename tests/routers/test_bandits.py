"""Bandits go on learning: as if they had learned all at once, from draws whose propensities are right."""

from dataclasses import replace

import numpy as np
import pytest

from lcrag.errors import LcragError
from lcrag.routers import LinUCBRouter, QualityRouter, ThompsonRouter, load_router, save_router
from lcrag.routers.learning.cost_lines import CostLines
from tests.routers.conftest import ARMS, accuracy, make_examples

BANDITS = [LinUCBRouter(), ThompsonRouter(), LinUCBRouter(cost_weight=0.2), ThompsonRouter(cost_weight=0.2)]


def feedback(n=200, seed=7, arms=2, **more):
    """What an application that draws at random gets back: one strategy's score and cost for each question."""
    data, rng = make_examples(n, seed, **more), np.random.default_rng(seed)
    if arms == 3:
        data = replace(
            data, strategies=(*ARMS, "gist"),
            scores=np.column_stack([data.scores, rng.random(n)]), costs=np.column_stack([data.costs, np.full(n, 50.0)]),
        )  # fmt: skip
    chosen = np.eye(arms, dtype=bool)[rng.integers(0, arms, n)]
    queries = tuple(replace(q, id=f"{seed}-{q.id}") for q in data.queries)
    return replace(
        data, queries=queries, scores=np.where(chosen, data.scores, np.nan),
        costs=np.where(chosen, data.costs, np.nan), propensities=np.full(n, 1 / arms),
    )  # fmt: skip


def parts(data, size):
    return [data.take(range(i, min(i + size, len(data)))) for i in range(0, len(data), size)]


def same(a, b):
    for one, other in (
        (a.state.weights, b.state.weights), (a.state.sums.precision, b.state.sums.precision),
        (a.state.costs.lines, b.state.costs.lines), (a.state.reward, b.state.reward),
    ):  # fmt: skip
        np.testing.assert_allclose(one, other, rtol=1e-8, atol=1e-9)
    assert a.state.costs.dearest == pytest.approx(b.state.costs.dearest)
    assert a.log().equals(b.log())


@pytest.mark.parametrize("router", BANDITS, ids=str)
def test_one_by_one_is_as_all_at_once(router, examples):
    data = feedback()
    scratch = router.fit(data)
    live = router.fit(data.take(range(router.warm_up)))
    fitted = router.fit(examples)
    ahead = fitted
    for i in range(len(data)):
        query, c = data.queries[i], int(np.argmax(~np.isnan(data.scores[i])))
        row = (query, ARMS[c], data.scores[i, c], data.costs[i, c], 0.5)
        live = live.update(*row) if i >= router.warm_up else live
        ahead = ahead.update(*row)
    same(live, scratch)
    same(ahead, fitted.learn(data))
    for part in parts(data, 37):
        fitted = fitted.learn(part)
    same(ahead, fitted)


@pytest.mark.parametrize("router", BANDITS[:2], ids=str)
def test_a_corrected_score_counts_alone_and_none_counts_twice(router, examples):
    data = feedback()
    before = replace(data, scores=np.where(np.isnan(data.scores), np.nan, 1 - data.scores))
    fitted = router.fit(examples)
    same(fitted.learn(before).learn(data), fitted.learn(data))
    same(fitted.learn(before.joined(data)), fitted.learn(data))
    same(fitted.learn(data).learn(data.take(range(50))), fitted.learn(data))


def test_costs_follow_feedback_as_lines_do():
    data = feedback(100)
    fitted = LinUCBRouter().fit(data)
    lines = CostLines.fit(data)
    np.testing.assert_allclose(fitted.state.costs.lines, lines.lines, rtol=1e-6, atol=1e-6)
    assert fitted.state.costs.dearest == pytest.approx(lines.dearest)
    full = make_examples(100)
    constant = replace(full, queries=tuple(replace(q, tokens=5.0) for q in full.queries))
    unknown = replace(full, queries=tuple(replace(q, tokens=float("nan")) for q in full.queries))
    for table in (full, constant, unknown):
        router = LinUCBRouter().fit(table).learn(data.take([0]))
        added = CostLines.fit(replace(table, propensities=np.ones(100)).joined(data.take([0])))
        np.testing.assert_allclose(router.state.costs.lines, added.lines, rtol=1e-6, atol=1e-6)


@pytest.mark.parametrize("router", BANDITS[:2], ids=str)
def test_it_learns_from_feedback_alone_and_survives_a_file(router, unseen, tmp_path):
    data = feedback(600)
    assert router.learn(data.take(range(49))).learns
    np.testing.assert_allclose(router.propensities(unseen.queries, ARMS), 0.5)
    half = router.learn(data.take(range(300)))
    assert accuracy(half.choose(unseen.queries, ARMS), unseen) > 0.85
    save_router(half, tmp_path / "r")
    same(load_router(tmp_path / "r").learn(data), half.learn(data))


@pytest.mark.parametrize("arms", [2, 3])
def test_the_propensities_of_thompson_sampling_are_those_of_its_posterior(arms):
    router = ThompsonRouter(draws=20_000, width=1.0, explore=0.1).fit(feedback(150, arms=arms))
    query, names = make_examples(3, 5).queries, router.strategies
    stated = router.propensities(query, names)
    rng, state = np.random.default_rng(0), router.state
    rows = np.hstack([state.encoding.matrix(query), np.ones((3, 1))])
    draws = np.stack([
        rng.multivariate_normal(mean, np.linalg.inv(precision), 20_000)
        for mean, precision in zip(state.weights, state.sums.precision, strict=True)
    ])  # fmt: skip
    best = np.einsum("nd,asd->nsa", rows, draws).argmax(2)
    frequencies = np.stack([(best == a).mean(1) for a in range(arms)], axis=1)
    np.testing.assert_allclose(stated, 0.9 * frequencies + 0.1 / arms, atol=0.015)
    assert stated.min() < 0.4 and stated.max() < 1


@pytest.mark.parametrize(
    "router", [LinUCBRouter(explore=0.2), ThompsonRouter(explore=0.2, width=2.0)], ids=str
)
def test_draws_are_as_often_as_their_propensities_say(router):
    fitted = router.fit(feedback(100))
    query = make_examples(1, 5).queries * 4000
    shares = fitted.propensities(query[:1], ARMS)[0]
    decisions = fitted.draw(query, ARMS, np.random.default_rng(1))
    often = np.mean([d.strategy == ARMS[0] for d in decisions])
    assert often == pytest.approx(shares[0], abs=3 * np.sqrt(shares[0] * shares[1] / 4000))
    assert {(d.strategy, round(d.propensity, 9)) for d in decisions} == {
        (a, round(float(s), 9)) for a, s in zip(ARMS, shares, strict=True)
    }
    backwards = fitted.propensities(query[:1], ("new", *ARMS[::-1]))[0]
    assert backwards.tolist() == [0.0, *shares[::-1]]
    if isinstance(router, LinUCBRouter):
        assert sorted(shares) == pytest.approx([0.1, 0.9])


def test_what_it_cannot_learn_from(examples, tmp_path):
    with pytest.raises(LcragError, match=r"begins with 50 answers that have feedback .*, but there are 20"):
        LinUCBRouter().fit(feedback(20))
    with pytest.raises(LcragError, match="learns from feedback with propensities"):
        LinUCBRouter().learn(examples)
    with pytest.raises(LcragError, match="learned nothing yet"):
        LinUCBRouter().update(examples.queries[0], ARMS[0], 1.0)
    with pytest.raises(LcragError, match="scores the strategy that answered only: take linucb or thompson"):
        QualityRouter().fit(feedback())
    with pytest.raises(LcragError, match="cannot be joined"):
        examples.joined(feedback())
    fitted = LinUCBRouter().fit(examples)
    same(fitted.update(examples.queries[0], "unknown", 1.0), fitted)
    old = fitted.with_state(replace(fitted.state, sums=None))
    with pytest.raises(LcragError, match="fitted by an older lcrag"):
        old.learn(feedback())
    with pytest.raises(LcragError, match="fitted by an older lcrag"):
        old.propensities(examples.queries, ARMS)
    for wrong in ({"explore": 1.5}, {"warm_up": 0}):
        with pytest.raises(ValueError, match=next(iter(wrong))):
            LinUCBRouter(**wrong)
