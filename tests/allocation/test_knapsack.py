"""One budget over many questions."""

import itertools
import time

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lcrag.allocation.knapsack import allocate
from lcrag.errors import LcragError

NAN = float("nan")


@st.composite
def problems(draw, questions=6, options=4):
    """Quality and cost with holes, and a budget between the cheapest and the dearest assignment."""
    n, m = draw(st.integers(1, questions)), draw(st.integers(1, options))
    amount = st.one_of(st.integers(0, 20).map(float), st.floats(0, 20, allow_subnormal=False))

    def matrix():
        return np.array(draw(st.lists(st.lists(amount, min_size=m, max_size=m), min_size=n, max_size=n)))

    quality, cost = matrix(), matrix() + 0.25
    holes = np.array(draw(st.lists(st.lists(st.booleans(), min_size=m, max_size=m), min_size=n, max_size=n)))
    holes[:, draw(st.integers(0, m - 1))] = False
    quality[holes] = NAN
    known = np.where(holes, NAN, cost)
    share = draw(st.floats(0, 1.1))
    least, most = np.nanmin(known, axis=1).sum(), np.nanmax(known, axis=1).sum()
    return quality, cost, float(least + share * (most - least))


def brute(quality, cost, budget):
    best = -np.inf
    for choice in itertools.product(range(quality.shape[1]), repeat=len(quality)):
        rows = np.arange(len(quality)), np.array(choice)
        q, c = quality[rows].sum(), cost[rows].sum()
        if not np.isnan(q) and c <= budget * (1 + 1e-12):
            best = max(best, q)
    return best


@settings(max_examples=150, deadline=None)
@given(problems(questions=4, options=3))
def test_exact_is_the_best_of_all_assignments(problem):
    quality, cost, budget = problem
    result = allocate(quality, cost, budget, method="exact")
    assert result.quality == pytest.approx(brute(quality, cost, budget), abs=1e-4)
    assert result.cost <= budget * (1 + 1e-9)


@settings(max_examples=250, deadline=None)
@given(problems())
def test_lagrangian_spends_no_more_and_is_within_its_reported_gap_of_the_optimum(problem):
    quality, cost, budget = problem
    quick = allocate(quality, cost, budget, method="lagrangian")
    best = allocate(quality, cost, budget, method="exact")
    for result in (quick, best):
        rows = np.arange(len(quality)), result.choices
        assert result.cost == pytest.approx(cost[rows].sum()) and result.cost <= budget * (1 + 1e-9)
        assert result.quality == pytest.approx(quality[rows].sum())
        assert result.gap == pytest.approx(result.bound - result.quality, abs=1e-9) and result.gap >= 0
        assert result.multiplier >= 0
    assert best.quality >= quick.quality - 1e-9
    assert best.quality <= quick.bound + 1e-6


@settings(max_examples=150, deadline=None)
@given(problems(), st.floats(1.0, 3.0))
def test_more_budget_never_lowers_the_optimum(problem, factor):
    quality, cost, budget = problem
    less = allocate(quality, cost, budget, method="exact")
    more = allocate(quality, cost, budget * factor, method="exact")
    assert more.quality >= less.quality - 1e-4
    assert more.bound >= less.quality - 1e-6


def test_a_budget_that_does_not_bind_has_no_price():
    result = allocate([[0.1, 0.9], [0.2, 0.3]], [[1, 5], [1, 5]], 100)
    assert (result.choices.tolist(), result.multiplier, result.gap) == ([1, 1], 0.0, 0.0)


def test_of_equally_good_options_the_cheapest_is_taken():
    assert allocate([[0.5, 0.5]], [[4, 1]], 100, method="lagrangian").choices.tolist() == [1]


def test_money_goes_where_it_buys_most():
    quality = [[0.2, 0.9], [0.4, 0.5], [0.1, NAN]]
    result = allocate(quality, [[1, 10]] * 3, 12)
    assert result.choices.tolist() == [1, 0, 0]
    assert result.cost == 12


def hard(n, seed=0):
    """Dearer options tend to be better, by amounts that differ from question to question; a few are missing."""
    rng = np.random.default_rng(seed)
    cost = np.sort(rng.lognormal(7, 1.2, (n, 8)), axis=1)
    quality = 1 - np.exp(-rng.gamma(1.0, 0.3, (n, 1)) * np.log1p(cost / 300)) + rng.normal(0, 0.03, (n, 8))
    quality[rng.random((n, 8)) < 0.1] = NAN
    quality[:, 0] = rng.random(n) / 5
    return quality, cost, float(0.3 * np.nanmax(cost, axis=1).sum())


def test_a_hundred_thousand_questions_take_less_than_five_seconds():
    quality, cost, budget = hard(100_000)
    started = time.perf_counter()
    result = allocate(quality, cost, budget)
    assert time.perf_counter() - started < 5
    assert result.method == "lagrangian"
    assert result.cost <= budget
    assert 0 <= result.gap < 1e-5 * result.quality


def test_the_exact_method_solves_hundreds_of_questions():
    quality, cost, budget = hard(400)
    best = allocate(quality, cost, budget, method="exact")
    quick = allocate(quality, cost, budget, method="lagrangian")
    assert best.gap < 1e-3 and quick.quality <= best.quality + 1e-9
    assert best.quality <= quick.bound + 1e-6 and quick.gap < 0.01 * quick.quality


@pytest.mark.parametrize("budget", [0, -3.0, NAN, True])
def test_no_budget(budget):
    with pytest.raises(LcragError, match=r"^A budget of .* buys nothing: give a number above 0\.$"):
        allocate([[1.0]], [[1.0]], budget)


def test_bad_input_is_told_in_a_sentence():
    with pytest.raises(LcragError, match=r"budget of 5 is 3\.5 below the 8\.5 that the cheapest"):
        allocate([[1, 2], [1, 2]], [[4, 9], [4.5, 9]], 5)
    with pytest.raises(LcragError, match=r"Question 1 \(counted from 0\) has no option"):
        allocate([[1, 2], [NAN, 3]], [[1, 2], [1, NAN]], 50)
    with pytest.raises(LcragError, match=r"shape \(1, 2\) and cost \(2, 2\)"):
        allocate([[1, 2]], [[1, 2], [1, 2]], 50)
    with pytest.raises(LcragError, match="cost is negative"):
        allocate([[1, 2]], [[1, -2]], 50)
    with pytest.raises(LcragError, match="at least one of each"):
        allocate([], [], 5)
