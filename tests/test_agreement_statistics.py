"""Shares, kappas and differences against scikit-learn, by hand, and against data whose truth is known."""

import numpy as np
import pytest
from sklearn.metrics import cohen_kappa_score

from lcrag.statistics import clustered_difference, clustered_rate, cohen_kappa, fleiss_kappa


def singles(n):
    return [str(i) for i in range(n)]


def test_cohens_kappa_is_scikit_learns():
    rng = np.random.default_rng(0)
    for labels in (2, 3):
        a = rng.integers(0, labels, 300)
        b = np.where(rng.random(300) < 0.6, a, rng.integers(0, labels, 300))
        assert cohen_kappa(a, b, singles(300)).mean == pytest.approx(cohen_kappa_score(a, b))


def test_kappa_of_a_rater_who_always_says_yes_is_exactly_nothing():
    kappa = cohen_kappa([1, 0, 1, 0, 1], [1, 1, 1, 1, 1], singles(5))
    assert (kappa.mean, kappa.low, kappa.high) == (0, 0, 0)
    assert np.isnan(cohen_kappa([1, 1], [1, 1], singles(2)).mean)


def test_kappas_interval_covers_the_truth_and_knows_of_documents():
    """Right half of the time, judge right in 80% of cases: kappa 0.6."""
    rng = np.random.default_rng(1)
    hits, naive = 0, 0
    for _ in range(600):
        a = rng.integers(0, 2, 40).repeat(5)  # a document's answers are all right or all wrong
        wrong = (rng.random(40) < 0.2).repeat(5)  # and so are its verdicts
        b = np.where(wrong, 1 - a, a)
        found = cohen_kappa(a, b, [str(i // 5) for i in range(200)])
        hits += found.low <= 0.6 <= found.high
        blind = cohen_kappa(a, b, singles(200))
        naive += blind.low <= 0.6 <= blind.high
    assert 0.92 <= hits / 600 <= 0.98
    assert naive / 600 < 0.75


def test_fleiss_kappa_by_hand():
    """Four rows, three raters: agreement of pairs 1, 1/3, 1, 1/3; shares 7/12 and 5/12."""
    ratings = [[1, 1, 1], [1, 1, 0], [0, 0, 0], [1, 1, 0]]
    expected = (7 / 12) ** 2 + (5 / 12) ** 2
    assert fleiss_kappa(ratings) == pytest.approx((2 / 3 - expected) / (1 - expected))
    assert fleiss_kappa([[1, 1, 1], [0, 0, 0]]) == 1


def test_fleiss_table_of_1971():
    """The example of Fleiss' formula that textbooks repeat: 10 rows, 14 raters, 5 labels, kappa 0.210."""
    counts = [
        [0, 0, 0, 0, 14], [0, 2, 6, 4, 2], [0, 0, 3, 5, 6], [0, 3, 9, 2, 0], [2, 2, 8, 1, 1],
        [7, 7, 0, 0, 0], [3, 2, 6, 3, 0], [2, 5, 3, 2, 2], [6, 5, 2, 1, 0], [0, 2, 2, 3, 7],
    ]  # fmt: skip
    ratings = [np.repeat(np.arange(5), row) for row in counts]
    assert fleiss_kappa(ratings) == pytest.approx(0.210, abs=0.0005)


def test_a_rate_without_an_error_still_has_an_interval():
    found = clustered_rate([1] * 30, singles(30))
    assert found.mean == 1 and found.high == 1 and 0.85 < found.low < 0.92
    few = clustered_rate([1] * 30, ["a", "b", "c"] * 10)  # three documents say less than thirty
    assert few.low < 0.5


def test_a_rates_effective_size_is_that_of_documents():
    rng = np.random.default_rng(2)
    values = (rng.random(60) < 0.7).astype(float).repeat(5)  # five copies of each
    found = clustered_rate(values, [str(i // 5) for i in range(300)])
    assert found.effective_n == pytest.approx(60, rel=0.05)
    assert clustered_rate(values[::5], singles(60)).effective_n == pytest.approx(60, rel=0.05)


def test_difference_of_groups():
    found = clustered_difference([1, 1, 0, 0, np.nan], [True, True, False, False, True], list("abcda"))
    assert found.mean == 1 and found.n == 4
    assert clustered_difference([1, 0], [True, True], list("ab")).reason == "one of the groups is empty"
    rng = np.random.default_rng(3)
    a = rng.random(200) < 0.4
    first = np.arange(200) < 80
    found = clustered_difference(a, first, singles(200))
    error = np.sqrt(a[first].var() / 80 + a[~first].var() / 120)
    assert found.high - found.low == pytest.approx(2 * 1.972 * error, rel=0.02)
