"""Curves and their figures against examples worked out by hand."""

from dataclasses import replace
from math import isnan, nan

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lcrag.replay.curve import curve_of, hull, points_of
from lcrag.replay.replayed import Replayed, replay
from lcrag.routers import FixedRouter
from tests.replay.conftest import small


def two(weak, strong):
    """Two strategies with these (cost, score)."""
    return small([[weak[1], strong[1]]], [[weak[0], strong[0]]])


def test_the_hull_by_hand():
    assert hull([(1, 0.4), (3, 0.8), (2, 0.5), (4, 0.7), (2, 0.3)]) == [
        (1, 0.4),
        (3, 0.8),
    ]  # (2, .5) is below the line
    assert hull([(1, 0.4), (2, 0.7), (3, 0.8)]) == [(1, 0.4), (2, 0.7), (3, 0.8)]
    assert hull([(1, 0.4), (1, 0.6)]) == [(1, 0.6)]
    assert hull([(1, 0.4), (2, 0.5), (3, 0.6)]) == [(1, 0.4), (3, 0.6)]  # on the line adds nothing
    assert hull([(2, 0.6), (5, 0.6), (9, 0.2)]) == [(2, 0.6)]


points = st.tuples(st.integers(1, 20), st.integers(0, 10)).map(lambda p: (float(p[0]), p[1] / 10))


@given(st.lists(points, min_size=1, max_size=12))
def test_nothing_is_above_the_hull_and_it_is_convex(cloud):
    found = hull(cloud)
    costs, scores = map(np.array, zip(*found, strict=True))
    assert set(found) <= set(cloud)
    assert all(score <= np.interp(cost, costs, scores) + 1e-9 for cost, score in cloud)
    slopes = np.diff(scores) / np.diff(costs)
    assert (slopes > 0).all() and (np.diff(slopes) < 1e-9).all()


def test_two_strategies_mixed():
    """From (1, .4) to (3, .8): the mean of the line is .6, and any share of the gap costs that share."""
    curve = curve_of([], two((1, 0.4), (3, 0.8)))
    assert curve.aiq == pytest.approx(0.6) and curve.apgr == pytest.approx(0.5)
    assert [curve.cpt(s) for s in (0.5, 0.8, 0.95)] == pytest.approx([0.5, 0.8, 0.95], abs=5e-4)
    assert curve.at([0.5, 1, 2, 3, 9]).tolist() == pytest.approx([0.4, 0.4, 0.6, 0.8, 0.8])


def test_a_router_that_is_better_than_mixing():
    """Through (2, .7): the area is (.55 + .75) / 2; half the gap (.6) is reached at 1 + 2/3."""
    curve = curve_of([(2, 0.7)], two((1, 0.4), (3, 0.8)))
    assert curve.aiq == pytest.approx(0.65) and curve.apgr == pytest.approx(0.625)
    assert curve.cpt(0.5) == pytest.approx(1 / 3, abs=5e-4)
    assert curve.cpt(0.95) == pytest.approx((2.8 - 1) / 2, abs=5e-4)
    worse = curve_of([(2, 0.5)], two((1, 0.4), (3, 0.8)))
    assert worse.aiq == pytest.approx(0.6)  # it can still degenerate to mixing


def test_a_point_beyond_the_dearest_strategy():
    """A router that pays twice, (5, 1.0), is reached by mixing if at all: AIQ ends at the dearest strategy's cost."""
    curve = curve_of([(5, 1.0)], two((1, 0.4), (3, 0.8)))
    assert curve.costs.tolist() == [1, 3, 5] and curve.aiq == pytest.approx(0.6)
    steep = curve_of([(4, 1.3)], two((1, 0.4), (3, 0.8)))  # the line to it passes (3, 1.0)
    assert (
        steep.costs.tolist() == [1, 4]
        and steep.aiq == pytest.approx(0.7)
        and steep.apgr == pytest.approx(0.75)
    )
    assert steep.cpt(0.95) == pytest.approx(0.38 / 0.3 / 2, abs=5e-4)


def test_a_point_cheaper_than_the_cheapest_strategy_is_flat_before_it():
    curve = curve_of([(0.5, 0.6)], two((1, 0.4), (3, 0.8)))
    assert curve.cpt(0.1) == 0.0
    assert curve.aiq == pytest.approx((curve.at(1) + 0.8) / 2)


@pytest.mark.parametrize(("weak", "strong"), [((1, 0.8), (3, 0.4)), ((1, 0.6), (3, 0.6))])
def test_where_the_strong_strategy_is_not_better_there_is_no_gap(weak, strong):
    curve = curve_of([(2, 0.9)], two(weak, strong))
    assert isnan(curve.apgr) and isnan(curve.cpt(0.5)) and not isnan(curve.aiq)


def test_where_all_cost_the_same_there_is_no_curve():
    curve = curve_of([], two((2, 0.4), (2, 0.8)))
    assert isnan(curve.aiq) and isnan(curve.apgr) and isnan(curve.cpt(0.5))


def test_where_a_router_can_be_at_every_cost_weight():
    """Qualities (.5, .9) and costs (.2, 1): above a cost weight of .5 the cheap strategy is the better buy."""
    data = small([[0, 1], [1, 1]], [[2, 10], [2, 10]])
    done = replay(FixedRouter("strong"), data)
    assert points_of(done, data) == [(10.0, 1.0)]
    quality, costs = np.array([[0.5, 0.9]] * 2), np.array([[0.2, 1.0]] * 2)
    found = points_of(replace(done, quality=quality, expected_costs=costs), data)
    assert set(found) == {(10.0, 1.0), (2.0, 0.5)}
    free = replace(done, quality=quality, expected_costs=np.array([[0.0, 1.0]] * 2))
    assert set(points_of(free, data)) == {(10.0, 1.0), (2.0, 0.5)}  # expected to be free, and yet no probe
    probed = points_of(replace(free, probes=("weak",)), data)
    assert set(probed) == {(10.0, 1.0), (12.0, 1.0), (2.0, 0.5)}  # the probe is always paid for


def test_points_leave_out_what_is_not_known():
    data = small([[0, 1], [1, nan]], [[2, 10], [2, nan]])
    one = np.array([1, 1])
    zero = np.zeros(2)
    done = Replayed("r", one, data.scores[:, 1], data.costs[:, 1], zero, np.zeros((2, 2), bool))
    assert points_of(done, data) == [(10.0, 1.0)]
