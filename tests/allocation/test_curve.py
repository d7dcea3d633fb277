"""A budget over all questions, replayed."""

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lcrag.allocation.curve import lottery, savings_curve
from lcrag.errors import LcragError

NAMES = ["rag", "wide_rag", "long_context"]


def table(n=200, seed=0, noise=0.15):
    """Some questions need the long context, others are as good without; predictions see that through noise."""
    rng = np.random.default_rng(seed)
    need = rng.random((n, 1)) < 0.4
    chance = np.where(need, (0.1, 0.3, 0.85), (0.85, 0.85, 0.85))
    true = (rng.random((n, 3)) < chance).astype(float)
    cost = np.column_stack([np.full(n, 1000.0), np.full(n, 4000.0), rng.uniform(10_000, 30_000, n)])
    return chance + rng.normal(0, noise, chance.shape), true, cost


def test_the_allocator_lies_between_mixing_and_the_oracle():
    predicted, true, cost = table(n=3000)
    curve = savings_curve(predicted, true, cost, NAMES, "long_context", resamples=200)
    for s in curve.shares:
        assert s.spent <= s.share + 1e-9
        assert s.allocated.mean <= s.oracle + 1e-9
        assert s.fixed <= s.random + 1e-9
        assert s.allocated.low < s.allocated.mean < s.allocated.high
    middle = [s for s in curve.shares if 0.2 <= s.share <= 0.6]
    assert all(s.allocated.mean > s.random + 0.02 for s in middle)
    assert curve.full == pytest.approx(true[:, 2].mean())


def test_a_perfect_prediction_is_the_oracle_and_a_useless_one_is_not():
    _, true, cost = table()
    perfect = savings_curve(true, true, cost, NAMES, "long_context")
    useless = savings_curve(np.random.default_rng(1).random(true.shape), true, cost, NAMES, "long_context")
    assert all(s.allocated.mean == pytest.approx(s.oracle, abs=1e-6) for s in perfect.shares)
    assert all(s.allocated.mean < s.oracle - 0.05 for s in useless.shares)


@settings(max_examples=30, deadline=None)
@given(st.integers(0, 10_000))
def test_the_oracle_never_falls_with_the_budget(seed):
    predicted, true, cost = table(40, seed)
    curve = savings_curve(predicted, true, cost, NAMES, "long_context", resamples=20)
    oracle = [s.oracle for s in curve.shares]
    assert all(b >= a - 1e-6 for a, b in pairwise(oracle))


def test_a_budget_below_the_cheapest_is_not_zero_but_unknown():
    predicted, true, cost = table()
    (low,) = savings_curve(predicted, true, cost, NAMES, "long_context", shares=[0.01]).shares
    assert np.isnan([low.allocated.mean, low.oracle, low.random, low.fixed, low.spent]).all()
    assert low.fixed_name == "" and "-" in str(
        savings_curve(predicted, true, cost, NAMES, "rag", shares=[0.5])
    )


def test_lottery_is_the_hull_of_single_options():
    quality, cost = [0.2, 0.3, 0.8], [1, 5, 9]
    assert lottery(quality, cost, 1) == pytest.approx(0.2)
    assert lottery(quality, cost, 5) == pytest.approx(0.5)  # half of the first, half of the last
    assert lottery(quality, cost, 100) == 0.8
    assert np.isnan(lottery(quality, cost, 0.5))


def test_bad_input():
    predicted, true, cost = table()
    with pytest.raises(LcragError, match="no option 'lc': the options are rag"):
        savings_curve(predicted, true, cost, NAMES, "lc")
    with pytest.raises(LcragError, match="they must agree"):
        savings_curve(predicted[:, :2], true, cost, NAMES, "rag")
    with pytest.raises(LcragError, match="give at least one, all above 0"):
        savings_curve(predicted, true, cost, NAMES, "rag", shares=[0])
    cost[0, 2] = np.nan
    with pytest.raises(LcragError, match="long_context is not available for every question"):
        savings_curve(predicted, true, cost, NAMES, "long_context")
