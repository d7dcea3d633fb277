"""Quality against budget, measured."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lcrag.errors import LcragError
from lcrag.scaling.curve import budget_curve, split
from lcrag.statistics import clustered_mean

NAMES = ["bare", "retrieval", "drag"]


def table(n=40, seed=0):
    rng = np.random.default_rng(seed)
    quality = (rng.random((n, 3)) < [0.2, 0.5, 0.8]).astype(float)
    cost = np.column_stack([np.full(n, 50.0), rng.uniform(300, 500, n), rng.uniform(900, 2000, n)])
    return quality, cost, [f"d{i // 4}" for i in range(n)]


def test_an_option_fits_only_if_every_question_keeps_to_the_budget():
    quality, cost, documents = table()
    largest = cost.max(axis=0)
    budgets = [10, 50, largest[1] - 1e-6, largest[1], largest[2] - 1e-6, largest[2]]
    curve = budget_curve(quality, cost, documents, NAMES, budgets)
    assert [p.fitting for p in curve.points] == [0, 1, 1, 2, 2, 3]
    assert [p.selected for p in curve.points] == ["", "bare", "bare", "retrieval", "retrieval", "drag"]
    assert np.isnan(curve.points[0].test.mean) and curve.points[0].test.reason


def test_selected_on_development_documents_and_reported_on_the_others():
    quality, cost, documents = table()
    curve = budget_curve(quality, cost, documents, NAMES, [1e4], seed=3)
    development = split(documents, 0.5, 3)
    held_out = [d for d, i in zip(documents, development, strict=True) if not i]
    (point,) = curve.points
    assert not set(held_out) & {d for d, i in zip(documents, development, strict=True) if i}
    assert point.test == clustered_mean(quality[~development, 2], held_out, seed=3)
    assert point.development == quality[development, 2].mean()
    assert curve.documents == (5, 5) and curve.questions == (20, 20)


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 10_000))
def test_the_oracle_is_never_worse_than_the_selection_and_never_falls(seed):
    quality, cost, documents = table(seed=seed)
    quality = np.random.default_rng(seed).random(quality.shape)
    curve = budget_curve(quality, cost, documents, NAMES, [60, 600, 6000], resamples=20, seed=seed)
    oracle = [p.oracle_test.mean for p in curve.points]
    assert all(p.test.mean <= o + 1e-12 for p, o in zip(curve.points, oracle, strict=True))
    assert oracle == sorted(oracle)
    development = [p.development for p in curve.points]
    assert development == sorted(development)


def test_what_failed_on_a_question_fits_no_budget():
    quality, cost, documents = table()
    cost[3, 2] = quality[3, 2] = np.nan
    assert budget_curve(quality, cost, documents, NAMES, [1e9]).points[0].selected == "retrieval"


def test_the_table():
    quality, cost, documents = table()
    shown = str(budget_curve(quality, cost, documents, NAMES, [10, 1e4]))
    assert "takes more than the budget (tokens of effective context)" in " ".join(shown.split())
    row = next(line for line in shown.splitlines() if line.startswith("10,000"))
    assert row.split()[1] == "drag"


def test_bad_input():
    quality, cost, documents = table()
    with pytest.raises(LcragError, match="there are 39 questions"):
        budget_curve(quality, cost, documents[1:], NAMES, [1])
    for budgets in ([], [0], [5, -1]):
        with pytest.raises(LcragError, match="give at least one, all above 0"):
            budget_curve(quality, cost, documents, NAMES, budgets)
    with pytest.raises(LcragError, match="One document cannot be split"):
        budget_curve(quality, cost, ["d"] * 40, NAMES, [1])
    with pytest.raises(LcragError, match="share is 1"):
        split(documents, 1)


def test_picture(tmp_path):
    from lcrag.analysis.budget_plots import quality_budget

    quality, cost, documents = table()
    curve = budget_curve(quality, cost, documents, NAMES, [10, 60, 600, 6000])
    quality_budget(curve).savefig(tmp_path / "curve.png")
    assert (tmp_path / "curve.png").stat().st_size > 10_000
