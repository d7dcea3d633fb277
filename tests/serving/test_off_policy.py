"""The value of a router from feedback alone covers what the full table says."""

from dataclasses import replace

import numpy as np
import pytest

from lcrag.errors import LcragError
from lcrag.published import load_published
from lcrag.replay import examples_of
from lcrag.routers import FixedRouter, LinUCBRouter, ProbeRouter, QualityRouter, RandomRouter, ThompsonRouter
from lcrag.serving.off_policy import off_policy_value, value_table
from tests.routers.conftest import ARMS, make_examples
from tests.routers.test_bandits import feedback


def logged(table, rng, bandit, count=400, batch=50):
    """Feedback on ``count`` questions of documents drawn at random, answered by a bandit that learns all the while."""
    documents = np.array(table.clusters)
    drawn = rng.choice(np.unique(documents), 200)
    rows = [(i, f"{k}") for k, d in enumerate(drawn) for i in np.flatnonzero(documents == d)][:count]
    data = table.take([i for i, _ in rows])
    queries = tuple(replace(q, id=f"a{i}") for i, q in enumerate(data.queries))
    data = replace(data, queries=queries, documents=tuple(d for _, d in rows), document_groups=())
    parts, order = [], rng.permutation(len(data))
    for start in range(0, len(data), batch):
        part = data.take(order[start : start + batch])
        decisions = bandit.draw(part.queries, part.strategies, rng)
        is_chosen = np.array([[d.strategy == s for s in part.strategies] for d in decisions])
        part = replace(
            part, scores=np.where(is_chosen, part.scores, np.nan), costs=np.where(is_chosen, part.costs, np.nan),
            propensities=np.array([d.propensity for d in decisions]), lengths=(),
        )  # fmt: skip
        parts.append(part)
        bandit = bandit.learn(part)
    whole = parts[0]
    for part in parts[1:]:
        whole = whole.joined(part)
    return whole


@pytest.fixture(scope="module")
def table():
    """LaRA's questions of location and hallucination, answered by one model."""
    lara = load_published("lara")
    sound = lara[lara["kind"].isin(["location", "hallucination"]) & (lara["model"] == "gpt-4o")]
    data = examples_of(sound, cache="cold")
    return data.take(np.flatnonzero(~np.isnan(data.scores).any(1)))


def covered(table, repeats):
    """How often each estimate's interval covers the truth, and its mean error."""
    half = np.isin(table.clusters, sorted(set(table.clusters))[::2])
    router = QualityRouter(estimator="linear", probe="").fit(table.take(np.flatnonzero(half)))
    population = table.take(np.flatnonzero(~half))
    columns = [
        table.strategies.index(d.strategy) for d in router.choose(population.queries, table.strategies)
    ]
    truth = population.scores[np.arange(len(population)), columns].mean()
    hits, errors = [], []
    for seed in range(repeats):
        data = logged(population, np.random.default_rng(seed), ThompsonRouter(explore=0.2))
        value = off_policy_value(router, data, resamples=999, seed=seed)
        estimates = (value.ips, value.snips, value.doubly_robust)
        hits.append([e.low <= truth <= e.high for e in estimates])
        errors.append([e.mean - truth for e in estimates])
    return np.mean(hits, 0), np.mean(errors, 0), np.std(errors, 0)


def test_intervals_cover_the_truth_of_laras_table(table):
    hits, errors, spread = covered(table, 12)
    assert (hits >= 0.66).all(), hits
    assert (np.abs(errors) < 4 * spread / np.sqrt(12)).all(), errors
    assert spread[2] < spread[0]  # a model of scores makes it narrower


@pytest.mark.slow
def test_intervals_cover_the_truth_at_about_their_level(table, record_property):
    hits, errors, spread = covered(table, 150)
    for name, *figures in zip(("ips", "snips", "doubly robust"), hits, errors, spread, strict=True):
        record_property(f"{name}: coverage, error, spread", [round(float(f), 3) for f in figures])
    assert hits[0] >= 0.84 and (hits[1:] >= 0.9).all() and (hits <= 0.995).all(), hits
    assert (np.abs(errors) < 4 * spread / np.sqrt(150)).all(), errors


def test_always_one_strategy_is_the_mean_of_its_answers():
    data = feedback(400)
    value = off_policy_value(FixedRouter(ARMS[1]), data)
    assert value.snips.mean == pytest.approx(np.nanmean(data.scores[:, 1]))
    assert value.cost == pytest.approx(np.nanmean(data.costs[:, 1]))
    assert value.effective == pytest.approx((~np.isnan(data.scores[:, 1])).sum())
    both = off_policy_value(RandomRouter(), data)
    assert both.logged.mean == pytest.approx(np.nanmean(data.scores)) and both.logged.n == 400


def test_an_unfitted_bandit_is_fitted_on_other_documents_and_a_fitted_one_is_flattered():
    data = feedback(400)
    fresh = off_policy_value(LinUCBRouter(), data)
    assert fresh.learned == 0 and fresh.doubly_robust.low > 0.8
    fitted = LinUCBRouter().fit(data)
    value = off_policy_value(fitted, data)
    assert value.learned == 400
    assert off_policy_value(fitted, data, explores=True).snips.mean < value.snips.mean
    text = value_table([fresh, value], "tokens")
    assert "from 400 answers with feedback on 20 documents" in text
    assert "linucb_router has learned from 400 of the answers: its value is flattered" in text


def test_what_cannot_be_estimated():
    data = feedback(100)
    certain = replace(data, propensities=np.ones(100))
    with pytest.raises(LcragError, match=r"certain \(propensity 1\)"):
        off_policy_value(FixedRouter(ARMS[0]), certain)
    mixed = replace(data, propensities=np.where(np.arange(100) < 30, 1.0, 0.5))
    assert "30 answers left out" in value_table([off_policy_value(FixedRouter(ARMS[0]), mixed)], "tokens")
    with pytest.raises(LcragError, match="replay routers on a full table"):
        off_policy_value(FixedRouter(ARMS[0]), make_examples(50))
    with pytest.raises(LcragError, match="take linucb or thompson"):
        off_policy_value(QualityRouter(), data)
    queries = tuple(replace(q, signals={}) for q in data.queries)
    with pytest.raises(LcragError, match=r"probes chunked_retrieval, but the feedback has answers without"):
        off_policy_value(ProbeRouter(learn=False), replace(data, queries=queries))
    one = data.take(np.flatnonzero(np.isnan(data.scores[:, 1])))
    with pytest.raises(LcragError, match="would have chosen none of the strategies"):
        off_policy_value(FixedRouter(ARMS[1]), one)
