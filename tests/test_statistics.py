"""Intervals and tests against scipy, against theory and against data whose truth is known."""

import numpy as np
import pytest
from scipy import stats

from lcrag.statistics import clustered_mean, holm, paired_difference


def drawn(documents, each, between, within, seed):
    rng = np.random.default_rng(seed)
    centres = rng.normal(0, between, documents)
    values = (centres[:, None] + rng.normal(0, within, (documents, each))).ravel()
    return values, [f"d{i}" for i in range(documents) for _ in range(each)]


def test_one_question_a_document_is_the_ordinary_bootstrap():
    values = np.random.default_rng(1).normal(2, 1, 60)
    ours = clustered_mean(values, [str(i) for i in range(60)])
    theirs = stats.bootstrap((values,), np.mean, method="percentile", rng=np.random.default_rng(0))
    assert ours.mean == pytest.approx(values.mean())
    assert ours.low == pytest.approx(theirs.confidence_interval.low, abs=0.02)
    assert ours.high == pytest.approx(theirs.confidence_interval.high, abs=0.02)


def test_questions_on_one_document_widen_the_interval_as_the_clustered_error_says():
    """Half-width / 1.96 is the cluster-robust standard error (Miller 2024, section 2.2)."""
    values, clusters = drawn(40, 10, 1.0, 1.0, seed=2)
    found = clustered_mean(values, clusters)
    residuals = (values - values.mean()).reshape(40, 10).sum(axis=1)
    error = np.sqrt((residuals**2).sum()) / len(values)
    assert (found.high - found.low) / 2 == pytest.approx(1.96 * error, rel=0.1)
    naive = clustered_mean(values, [str(i) for i in range(len(values))])
    assert found.high - found.low > 2 * (naive.high - naive.low)


def test_the_interval_covers_the_truth_about_as_often_as_it_claims():
    hits = 0
    for seed in range(200):
        values, clusters = drawn(30, 5, 1.0, 1.0, seed)
        found = clustered_mean(values, clusters, resamples=800, seed=seed)
        hits += found.low <= 0 <= found.high
    assert 0.89 <= hits / 200 <= 0.98


def test_missing_is_not_zero():
    found = clustered_mean([1, np.nan, 1, np.nan], ["a", "a", "b", "c"])
    assert (found.mean, found.n, found.clusters) == (1.0, 2, 2)
    nothing = clustered_mean([np.nan], ["a"])
    assert np.isnan(nothing.mean) and nothing.n == 0 and nothing.reason == "nothing was scored"
    assert np.isnan(clustered_mean([], []).mean)


def test_one_document_has_a_mean_but_no_interval():
    found = clustered_mean([1, 0, 1], ["a"] * 3)
    assert found.mean == pytest.approx(2 / 3)
    assert np.isnan(found.low) and found.reason == "one document gives no interval"


def test_same_seed_same_interval():
    values, clusters = drawn(10, 4, 1, 1, 0)
    assert clustered_mean(values, clusters, seed=5) == clustered_mean(values, clusters, seed=5)


@pytest.mark.parametrize("documents", [6, 12, 13])
def test_exact_p_value_equals_scipys_permutation_test(documents):
    a, clusters = drawn(documents, 1, 0, 1, 3)
    b = a - np.random.default_rng(4).normal(0.5, 1, documents)
    ours = paired_difference(a, b, clusters)
    theirs = stats.permutation_test(
        (a, b), lambda x, y: np.mean(x - y), permutation_type="samples", n_resamples=np.inf
    )
    assert ours.p_value == pytest.approx(theirs.pvalue)
    assert ours.difference == pytest.approx((a - b).mean())


def test_random_p_value_is_near_scipys_for_many_documents():
    a, clusters = drawn(40, 1, 0, 1, 5)
    b = a - np.random.default_rng(6).normal(0.35, 1, 40)
    theirs = stats.permutation_test(
        (a, b), lambda x, y: np.mean(x - y), permutation_type="samples", n_resamples=20_000, rng=0
    )
    assert paired_difference(a, b, clusters).p_value == pytest.approx(theirs.pvalue, abs=0.01)


def test_the_paired_test_does_not_cry_wolf_when_documents_are_correlated():
    false_alarms = 0
    for seed in range(200):
        difference, clusters = drawn(12, 8, 1.0, 0.5, seed)
        false_alarms += paired_difference(difference, np.zeros(96), clusters, resamples=200).p_value < 0.05
    assert false_alarms / 200 < 0.09


def test_wins_ties_losses_and_questions_missing_on_one_side():
    found = paired_difference([1, 0, 1, np.nan], [0, 0, np.nan, 1], ["a", "b", "c", "d"])
    assert (found.n, found.wins, found.ties, found.losses) == (2, 1, 1, 0)
    assert found.difference == 0.5
    assert np.isnan(paired_difference([np.nan], [1], ["a"]).p_value)


def test_holm_equals_the_step_down_by_hand_and_skips_unknown():
    assert holm([0.01, 0.04, 0.03]) == pytest.approx([0.03, 0.06, 0.06])
    corrected = holm([0.02, float("nan"), 0.01])
    assert corrected[0] == pytest.approx(0.02) and corrected[2] == pytest.approx(0.02)
    assert np.isnan(corrected[1])
    assert holm([0.6, 0.9]) == [1.0, 1.0]


def test_wins_ties_and_losses_are_counted_by_hand():
    paired = paired_difference([1, 1, 0, 1, 0, np.nan], [0, 1, 0, 1, 1, 1], list("aabbcc"))
    assert (paired.n, paired.wins, paired.ties, paired.losses) == (5, 1, 3, 1)
    assert paired.difference == 0.0
