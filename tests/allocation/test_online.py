"""Questions that come one at a time."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lcrag.allocation.knapsack import allocate
from lcrag.allocation.online import OnlineAllocator
from lcrag.errors import LcragError
from tests.allocation.test_knapsack import hard, problems


def stream(allocator, quality, cost):
    return np.array([allocator.choose(q, c) for q, c in zip(quality, cost, strict=True)])


@pytest.mark.parametrize("share", [0.15, 0.3, 0.6])
def test_close_to_what_is_possible_with_all_questions_at_once(share):
    quality, cost, _ = hard(400, seed=1)
    past_quality, past_cost, _ = hard(200, seed=2)
    budget = share * np.nanmax(cost, axis=1).sum()
    online = OnlineAllocator(budget, 400, past_quality, past_cost)
    chosen = stream(online, quality, cost)
    rows = np.arange(400)
    offline = allocate(quality, cost, budget)
    assert online.spent == pytest.approx(cost[rows, chosen].sum()) and online.spent <= budget
    assert quality[rows, chosen].sum() >= 0.97 * offline.quality
    assert online.spent >= 0.95 * min(budget, offline.cost)


def test_without_past_questions_the_multiplier_is_learned():
    quality, cost, budget = hard(400, seed=3)
    online = OnlineAllocator(budget, 400)
    chosen = stream(online, quality, cost)
    assert quality[np.arange(400), chosen].sum() >= 0.93 * allocate(quality, cost, budget).quality
    assert online.spent <= budget


def test_the_price_rises_when_money_runs_out_and_falls_when_it_is_left():
    quality, cost, budget = hard(200, seed=4)
    online = OnlineAllocator(budget, 400, quality, cost)
    online.choose(quality[0], cost[0])
    before = online.multiplier
    online.settle(0.0, 0.6 * budget)
    online.choose(quality[1], cost[1])
    assert online.multiplier > before
    online.settle(0.8 * budget, 0.0)
    online.choose(quality[2], cost[2])
    assert online.multiplier < before


@settings(max_examples=150, deadline=None)
@given(problems(questions=8), st.booleans())
def test_never_above_the_budget(problem, warm):
    quality, cost, budget = problem
    past = (quality, cost) if warm else ((), ())
    online = OnlineAllocator(budget, len(quality), *past)
    try:
        chosen = stream(online, quality, cost)
    except LcragError as error:
        assert "are left: raise the budget" in str(error)
    else:
        assert not np.isnan(quality[np.arange(len(quality)), chosen]).any()
    assert online.spent <= budget * (1 + 1e-9)


def test_bad_input():
    with pytest.raises(LcragError, match="budget of -1 buys nothing"):
        OnlineAllocator(-1, 5)
    with pytest.raises(LcragError, match="0 questions are to come"):
        OnlineAllocator(1, 0)
    online = OnlineAllocator(10, 1)
    with pytest.raises(LcragError, match="costs at least 11, but 10 of 10 are left"):
        online.choose([1.0], [11.0])
    online.choose([1.0], [5.0])
    with pytest.raises(LcragError, match="1 questions were announced"):
        online.choose([1.0], [5.0])
