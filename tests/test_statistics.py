"""Intervals and tests against scipy, against theory and against data whose truth is known."""

import numpy as np
import pytest
from scipy import stats

from lcrag.statistics import SCORES, clustered_mean, holm, paired_difference, smallest_p, two_way_mean
from lcrag.tables import p_value


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


def binary(documents, seed, mean=0.6, correlation=0.1):
    """Right and wrong answers on documents with 1 to about 40 questions, and the document of each."""
    rng = np.random.default_rng(seed)
    sizes = np.maximum(1, rng.lognormal(2, 0.7, documents).round()).astype(int)
    strength = (1 - correlation) / correlation
    shares = rng.beta(mean * strength, (1 - mean) * strength, documents)
    names = np.repeat([f"d{i}" for i in range(documents)], sizes)
    return (rng.random(sizes.sum()) < np.repeat(shares, sizes)).astype(float), names.tolist()


def coverage(documents, simulations, mean=0.6, correlation=0.1, **settings):
    """The share of intervals that hold the true mean, and their mean width."""
    hits, width = 0, 0.0
    for seed in range(simulations):
        interval = clustered_mean(*binary(documents, seed, mean, correlation), seed=seed, **settings)
        hits += interval.low <= mean <= interval.high
        width += (interval.high - interval.low) / simulations
    return hits / simulations, width


@pytest.mark.parametrize(
    ("documents", "mean", "correlation", "width"),
    [
        (8, 0.5, 0.1, 0.41), (8, 0.85, 0.1, 0.33), (8, 0.85, 0.2, 0.40),
        (20, 0.5, 0.1, 0.24), (20, 0.85, 0.1, 0.18), (20, 0.85, 0.2, 0.22),
        (40, 0.5, 0.1, 0.17), (40, 0.85, 0.1, 0.12), (40, 0.85, 0.2, 0.15),
    ],
)  # fmt: skip
def test_the_interval_of_scores_covers_the_truth_and_is_not_wide(
    documents, mean, correlation, width, record_property
):
    """The expanded percentile interval covers 92% at 8 documents, mean 0.85 and correlation 0.2."""
    covered, mean_width = coverage(documents, 1200, mean, correlation, bounds=SCORES)
    record_property(f"least_{documents}", covered)
    record_property(f"worst_{documents}", covered)
    assert 0.93 <= covered <= 0.975
    assert mean_width < width


def test_for_many_documents_both_intervals_of_scores_are_the_same():
    for mean in (0.5, 0.85):
        scores, documents = binary(300, 1, mean)
        bounded, bootstrap = (clustered_mean(scores, documents, bounds=b) for b in (SCORES, None))
        assert bounded.low == pytest.approx(bootstrap.low, abs=0.002)
        assert bounded.high == pytest.approx(bootstrap.high, abs=0.002)


def test_the_interval_of_scores_by_hand():
    interval = clustered_mean([1, 1, 1, 0], ["a", "a", "b", "b"], bounds=SCORES)
    error = np.sqrt(2 * (0.5**2 + 0.5**2)) / 4
    margin = stats.t.ppf(0.975, 1) * error / (0.75 * 0.25)
    low, high = (1 / (1 + np.exp(-(np.log(3) + m))) for m in (-margin, margin))
    assert (interval.low, interval.high) == pytest.approx((low, high))
    assert 0 < interval.low < interval.mean < interval.high < 1
    wrong = clustered_mean([0, 0, 0], ["a", "b", "c"], bounds=SCORES)
    assert (wrong.mean, wrong.low, wrong.high) == (0, 0, 0)


def test_without_bounds_the_interval_covers_the_truth_with_eight_documents_of_unequal_size():
    """The plain percentile interval covers it in 89% of these cases."""
    assert coverage(8, 400, resamples=1000)[0] >= 0.93


@pytest.mark.parametrize("documents", [8, 20, 40])
def test_the_interval_of_a_difference_of_good_strategies_covers_the_truth(documents):
    hits = 0
    for seed in range(400):
        a, names = binary(documents, seed, 0.85)
        b = (np.random.default_rng(seed + 10**6).random(len(a)) < 0.75).astype(float)
        pair = paired_difference(a, b, names, resamples=500, flips=2, seed=seed)
        hits += pair.low <= 0.1 <= pair.high
    assert 0.92 <= hits / 400 <= 0.98  # 400 draws tell 94 from 92% no better


@pytest.mark.slow
@pytest.mark.parametrize("documents", [8, 20, 40])
def test_the_interval_covers_the_truth_with_few_documents_of_unequal_size(documents):
    assert 0.93 <= coverage(documents, 3000, resamples=2000)[0] <= 0.98


@pytest.mark.slow
@pytest.mark.parametrize("documents", [8, 20, 40])
def test_the_interval_of_a_difference_covers_the_truth(documents, record_property):
    hits = 0
    for seed in range(2000):
        a, names = binary(documents, seed)
        b = (np.random.default_rng(-seed - 1 + 10**6).random(len(a)) < 0.5).astype(float)
        pair = paired_difference(a, b, names, resamples=2000, flips=2, seed=seed)
        hits += pair.low <= 0.1 <= pair.high
    record_property("trust", f"{documents} documents: {hits / 2000:.1%}")
    assert 0.93 <= hits / 2000 <= 0.98


def test_bounds_of_an_interval_are_never_outside_the_scores():
    interval = clustered_mean([1, 1, 1, 1, 0, 1], ["a", "a", "b", "b", "c", "c"])
    assert 0.5 <= interval.low < interval.mean < interval.high <= 1


def test_a_clear_difference_survives_holm_over_fifteen_tests():
    a, clusters = drawn(60, 3, 0.1, 0.1, 1)
    pair = paired_difference(a + 1, np.zeros(180), clusters)
    assert pair.p_value == pytest.approx(1 / 100_001) and pair.p_is_bound
    assert holm([pair.p_value] * 15)[0] < 0.0002


def test_a_p_value_at_the_floor_of_its_flips_is_shown_as_a_bound():
    a, clusters = drawn(60, 3, 0.1, 0.1, 1)
    pair = paired_difference(a + 1, np.zeros(180), clusters, flips=500)
    assert p_value(pair.p_value, pair.p_is_bound) == "<0.002**"
    exact = paired_difference(a[:18] + 1, np.zeros(18), clusters[:18])
    assert exact.p_value == 2 / 2**6 and not exact.p_is_bound
    assert p_value(exact.p_value, exact.p_is_bound) == "0.031*"


def test_documents_without_a_difference_leave_the_test_exact():
    difference, clusters = np.zeros(100), [str(i) for i in range(100)]
    difference[:3] = 1
    assert paired_difference(difference, np.zeros(100), clusters).p_value == 2 / 2**3
    assert paired_difference(np.zeros(9), np.zeros(9), clusters[:9]).p_value == 1


def test_the_smallest_p_value_is_known_for_any_number_of_documents(record_property):
    assert smallest_p(4) == 2 / 2**4
    assert smallest_p(5000) == pytest.approx(1 / 100_001)
    floors = {n: smallest_p(n) for n in (4, 5, 6, 8, 5000)}
    record_property("trust", "; ".join(f"{n:,} documents: {p:.2g}" for n, p in floors.items()))


def crossed(documents, models, seed):
    """Each document and each model adds its own effect; the true mean is 0."""
    rng = np.random.default_rng(seed)
    values = (
        rng.normal(0, 1, (documents, 1))
        + rng.normal(0, 1, (1, models))
        + rng.normal(0, 1, (documents, models))
    )
    rows = [(f"d{i}", f"m{j}") for i in range(documents) for j in range(models)]
    return values.ravel(), [d for d, _ in rows], [m for _, m in rows]


def test_models_crossed_with_documents_need_both_kinds_of_clusters():
    both = one = 0
    for seed in range(300):
        values, documents, models = crossed(40, 12, seed)
        two_way = two_way_mean(values, documents, models)
        by_document = clustered_mean(values, documents, resamples=500)
        both += two_way.low <= 0 <= two_way.high
        one += by_document.low <= 0 <= by_document.high
    assert 0.92 <= both / 300 <= 0.99 and one / 300 < 0.8


def test_the_two_way_variance_by_hand():
    interval = two_way_mean([1, 0.5, 0, 0], ["a", "a", "b", "b"], ["x", "y", "x", "y"])
    residuals = np.array([[0.625, 0.125], [-0.375, -0.375]])
    by_document, by_model = (2 * (residuals.sum(axis=i) ** 2).sum() / 16 for i in (1, 0))
    by_cell = 4 / 3 * (residuals**2).sum() / 16
    error = np.sqrt(max(by_document, by_document + by_model - by_cell))
    assert interval.high - interval.mean == pytest.approx(stats.t.ppf(0.975, 1) * error)
    assert (interval.mean, interval.n, interval.clusters) == (0.375, 4, 2)
    assert np.isnan(two_way_mean([1, 0], ["a", "b"], ["x", "x"]).low)
    assert two_way_mean([np.nan], ["a"], ["x"]).reason == "nothing was scored"
