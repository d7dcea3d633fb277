"""What the model chooses, against the best theta and against a fixed one."""

from dataclasses import replace

import numpy as np
import pytest

from lcrag.errors import LcragError
from lcrag.scaling.evaluation import evaluate_model
from lcrag.scaling.measured import Measured
from tests.scaling.test_model import GRID, TASKS, made

CONTEXT = np.tile((GRID[:, 1] + 1) * (GRID[:, 0] * 200 + 30) * GRID[:, 2] + 60, len(TASKS))


def points(noise=0.1, seed=0):
    z = made(noise, seed)
    return Measured(z.tasks, z.theta, 0.4 + 0.1 * np.asarray(z.quality), CONTEXT)


def test_fitted_on_its_own_points_the_choice_is_close_to_the_oracle():
    evaluation = evaluate_model(points(), [2e3, 1e4, 1e5, 1e6], baseline=(10.0, 8.0, 1.0))
    assert evaluation.r2 > 0.9 and evaluation.mse < 0.1
    in_sample = [c for c in evaluation.choices if c.fold == "all"]
    assert len(in_sample) == 4 * len(TASKS)
    assert all(c.regret >= 0 for c in evaluation.choices)
    assert np.mean([c.ratio for c in in_sample]) > 0.95
    for c in in_sample:
        at = np.array([t == c.task for t in points().tasks]) & (c.budget >= CONTEXT)
        assert c.oracle == points().quality[at].max()
    assert np.isnan([c.baseline for c in in_sample if c.budget == 2e3]).all()


def test_a_task_left_out_brings_its_informativeness_only():
    data = points()
    evaluation = evaluate_model(data, [1e5])
    left_out = {c.task: c for c in evaluation.choices if c.fold.startswith("without")}
    assert set(left_out) == set(TASKS)
    # what is measured on the task beside its three cheap runs does not change the choice
    other = np.array(data.quality)
    reference = [tuple(t) in {(0, 0, 1), (1, 0, 1), (0, 1, 1)} for t in np.asarray(data.theta)]
    other[data.of("musique") & ~np.array(reference)] = 0.123
    again = evaluate_model(replace(data, quality=other), [1e5])
    chosen = next(c for c in again.choices if c.fold == "without musique")
    assert chosen.theta == left_out["musique"].theta


def test_lengths_left_out():
    evaluation = evaluate_model(points(), [1e4, 1e5, 1e6])
    folds = {(c.fold, c.budget) for c in evaluation.choices if c.fold.startswith("up to")}
    assert folds == {("up to 10,000", 1e5), ("up to 100,000", 1e6)}


def test_the_table_shows_everything_and_what_is_missing():
    data = points()
    table = str(evaluate_model(data, [20, 1e5], baseline=(10.0, 8.0, 1.0)))
    for text in (
        "R2 =",
        "MSE =",
        "oracle",
        "regret",
        "ratio",
        "baseline",
        "without musique",
        "task left out: ",
    ):
        assert text in table
    assert "No theta of musique fits into 20 tokens." in table
    assert "Not fitted up to 20" in table
    assert max(map(len, table.splitlines()[:12])) < 130
    single = str(evaluate_model(data.only(data.of("musique")), [1e5]))
    assert "identify 4 of 6 coefficients" in single and "without" not in single


def test_bad_input():
    with pytest.raises(LcragError, match="give `context`"):
        evaluate_model(made(0.1), [100])
    for budgets in ([], [0, 5], [-1]):
        with pytest.raises(LcragError, match="give at least one, all above 0"):
            evaluate_model(points(), budgets)
