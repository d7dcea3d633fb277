"""The computation allocation model on data made from the paper's own parameters."""

import itertools
import warnings

import numpy as np
import pytest

from lcrag.errors import LcragError
from lcrag.scaling.measured import Informativeness, Measured
from lcrag.scaling.model import COLUMNS, fit
from lcrag.scaling.sigmoid import PUBLISHED, Sigmoid

A, B, C = (0.325, 0.101, 0.177), (-0.067, -0.008, 0.0), -0.730  # Table 8
SHOTS, DOCUMENTS = (0, 1, 2, 4, 8, 16, 32), (0, 1, 2, 5, 10, 20, 50, 100)
GRID = np.array(list(itertools.product(DOCUMENTS, SHOTS, (1, 2, 3, 5))), float)
TASKS = {
    "bamboogle": Informativeness(0.9, 0.3),
    "hotpotqa": Informativeness(1.6, 0.1),
    "musique": Informativeness(0.4, 0.5),
    "2wiki": Informativeness(1.2, 0.8),
}


def made(noise, seed=0, tasks=TASKS, grid=GRID):
    """Points on the published model's normalised scale."""
    rng = np.random.default_rng(seed)
    quality = []
    for i in tasks.values():
        slopes = np.array(A) + np.array(B) * (i.documents, i.shots, 0)
        quality.append(PUBLISHED(np.log(grid + 0.01) @ slopes + C) + rng.normal(0, noise, len(grid)))
    names = [t for t in tasks for _ in grid]
    return Measured(names, np.tile(grid, (len(tasks), 1)), np.concatenate(quality))


TRUTH = np.array([*A, *B[:2], C])


def estimates(noise, pipeline, seeds=12):
    found = []
    for seed in range(seeds):
        model = fit(made(noise, seed), pipeline=pipeline, normalise=False, informativeness=TASKS)
        found.append([*model.a, *model.b[:2], model.c])
    return np.array(found)


def test_the_equation_is_recovered_without_noise():
    exact = {"normalise": False, "refit_sigmoid": False, "informativeness": TASKS}
    model = fit(made(0.0), pipeline="inverse_ols", **exact)
    assert np.allclose([*model.a, *model.b[:2], model.c], TRUTH, atol=0.003)  # clipped at the ends


WIDE = np.array(
    list(itertools.product((0, 1, 10, 100, 1000, 10_000), (0, 1, 10, 100, 1000), (1, 10, 100))), float
)


@pytest.mark.parametrize("refit_sigmoid", [True, False])
def test_a_joint_fit_recovers_the_truth_on_a_wide_grid_without_noise(refit_sigmoid):
    """The other readings see a straight line in the curve's flat ends."""
    settings = {"normalise": False, "refit_sigmoid": refit_sigmoid, "informativeness": TASKS}
    wide = made(0.0, grid=WIDE)
    model = fit(wide, pipeline="joint", **settings)
    assert np.allclose([*model.a, *model.b[:2], model.c], TRUTH, atol=1e-4)
    assert (model.sigmoid.height, model.sigmoid.depth) == pytest.approx((3.30, 2.18), abs=1e-3)
    line = fit(wide, pipeline="ols_sigmoid", **settings)
    assert np.abs(np.array(line.a) - A).max() > 0.02


@pytest.mark.parametrize("pipeline", ["ols_sigmoid", "inverse_ols"])
def test_published_parameters_are_recovered_within_their_noise(pipeline):
    found = estimates(0.1, pipeline)
    assert (np.abs(found - TRUTH) < [0.03, 0.03, 0.03, 0.03, 0.03, 0.06]).all()
    assert (found.std(axis=0, ddof=1) < 0.015).all()  # so that the line above says something


def test_noise_as_in_the_paper_leaves_the_order_of_the_coefficients():
    found = estimates(0.3, "ols_sigmoid")  # R2 near the paper's 0.903
    assert (np.argsort(-found[:, :3], axis=1) == [0, 2, 1]).all()
    assert (np.abs(found[:, :3] - A) < 0.05).all() and (found[:, 3] < 0).all()


def test_the_sigmoid_beats_the_straight_line_on_its_own_data():
    measured = made(0.2)
    model = fit(measured, normalise=False, informativeness=TASKS)
    linear = np.concatenate([model.linear(GRID, t) for t in TASKS])
    bent = np.concatenate([model.normalised(GRID, t) for t in TASKS])
    error = {
        n: float(((p - measured.quality) ** 2).mean()) for n, p in {"line": linear, "bent": bent}.items()
    }
    assert error["bent"] < error["line"]
    assert 1 - error["bent"] / measured.quality.var() > 0.9


def test_constants_of_the_sigmoid_are_refitted():
    other = Sigmoid(2.5, 1.2, 0.2, 1.4)
    x = np.linspace(-4, 3, 200)
    from lcrag.scaling.sigmoid import refit

    again = refit(x, other(x))
    assert np.allclose(again(x), other(x), atol=1e-3)
    assert np.allclose(other.inverse(other(x)), x)


def test_one_strategy_or_one_task_leaves_columns_out_and_says_so():
    drag = made(0.1, grid=GRID[GRID[:, 2] == 1])
    with pytest.warns(UserWarning, match="identify 5 of 6 coefficients: log n left out"):
        model = fit(drag, informativeness=TASKS)
    assert model.dropped == ("log n",) and model.a[2] == 0
    single = made(0.1, tasks={"musique": TASKS["musique"]})
    with pytest.warns(UserWarning, match="identify 4 of 6 coefficients: i_doc log k, i_shot log m"):
        model = fit(single, informativeness=TASKS)
    assert model.dropped == COLUMNS[4:] and model.b == (0, 0, 0)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert fit(made(0.1), informativeness=TASKS).dropped == ()


def test_predictions_are_in_units_of_the_metric_and_a_choice_keeps_to_the_budget():
    z = made(0.05)
    shown = Measured(z.tasks, z.theta, 0.4 + 0.1 * z.quality)
    model = fit(shown)
    predicted = np.concatenate([model.predict(GRID, t) for t in TASKS])
    assert np.corrcoef(predicted, shown.quality)[0, 1] > 0.97
    assert np.abs(predicted - shown.quality).mean() < 0.03
    context = (GRID[:, 1] + 1) * GRID[:, 0] * GRID[:, 2] * 100 + 50
    chosen = [model.choose(GRID, context, b, "musique") for b in (60, 1e4, 1e6, 1e9)]
    assert all(context[c] <= b for c, b in zip(chosen, (60, 1e4, 1e6, 1e9), strict=True))
    assert GRID[chosen[-1]].tolist() == [100, 32, 5]
    with pytest.raises(
        LcragError, match="No theta fits into 10 tokens of effective context: the smallest needs 50"
    ):
        model.choose(GRID, context, 10, "musique")
    with pytest.raises(LcragError, match="not fitted on task trivia: give its informativeness"):
        model.predict(GRID, "trivia")
    assert len(model.predict(GRID, "trivia", Informativeness(0.1, 0.0))) == len(GRID)


def test_informativeness_comes_from_three_cheap_runs():
    measured = Measured(["t"] * 3, [[0, 0, 1], [1, 0, 1], [0, 1, 1]], [0.1, 0.5, 0.2])
    assert measured.informativeness("t") == Informativeness(pytest.approx(0.4), pytest.approx(0.1))


@pytest.mark.parametrize(
    ("points", "said"),
    [
        (([], [], []), "Nothing was measured"),
        ((["t"], [[0, 0]], [1]), r"theta has shape \(1, 2\)"),
        ((["t"], [[0, 0, 1]], [float("nan")]), "quality holds amounts that are not finite"),
        ((["t"], [[0, -1, 1]], [1]), "A theta is negative"),
        ((["t", "t"], [[0, 0, 1]] * 2, [1, 2]), r"Task t has theta \(0, 0, 1\) twice"),
    ],
)
def test_bad_points(points, said):
    with pytest.raises(LcragError, match=said):
        Measured(*points)


def test_what_cannot_be_fitted():
    with pytest.raises(LcragError, match=r"Task t was not measured at \(k, m, n\) = \(0, 1, 1\)"):
        fit(Measured(["t"] * 2, [[0, 0, 1], [1, 0, 1]], [0.1, 0.2]))
    three = [[0, 0, 1], [1, 0, 1], [0, 1, 1]]
    with pytest.raises(LcragError, match="All points of task t have the same quality"):
        fit(Measured(["t"] * 3, three, [0.1] * 3))
    with pytest.raises(LcragError, match="3 points are too few to fit 3 coefficients"):
        fit(Measured(["t"] * 3, three, [0.1, 0.2, 0.3]))
