"""Oracle, best fixed, random and routed rows on tables small enough to check by eye; the frontier."""

import random
from math import nan

import numpy as np
import pandas as pd
import pytest

from lcrag.analysis.frontier import pareto
from lcrag.outcomes.baselines import (
    baseline_rows,
    best_fixed,
    candidates,
    common,
    oracle,
    random_choice,
    routed_rows,
)


@pytest.fixture
def rows():
    return pd.DataFrame(
        [
            ("q1", "rag", 1.0, 1.0), ("q1", "lc", 1.0, 9.0),
            ("q2", "rag", 0.0, 1.0), ("q2", "lc", 1.0, 9.0),
            ("q3", "rag", 0.0, 1.0), ("q3", "lc", 0.0, 9.0),
            ("q4", "rag", 1.0, 1.0), ("q4", "lc", None, 9.0),
        ],
        columns=["question_id", "strategy", "score", "cost"],
    ).assign(document_id="d", kind="location")  # fmt: skip


def test_the_oracle_takes_the_best_then_the_cheaper_then_the_first():
    scores = np.array([[1.0, 1.0], [0.0, 1.0], [1.0, 1.0], [nan, 0.0], [1.0, 1.0], [nan, nan]])
    costs = np.array([[9.0, 1.0], [1.0, 9.0], [2.0, 2.0], [1.0, 9.0], [nan, 9.0], [9.0, 1.0]])
    assert oracle(scores, costs).tolist() == [1, 1, 0, 1, 1, 1]


def test_best_fixed_is_the_best_mean_then_the_cheaper_then_the_first():
    assert best_fixed(np.array([[1.0, 0.0], [0.0, 0.5]]), np.array([[9.0, 1.0]] * 2)) == 0
    assert best_fixed(np.array([[1.0, 1.0]]), np.array([[9.0, 1.0]])) == 1
    assert best_fixed(np.array([[1.0, 1.0]]), np.array([[nan, nan]])) == 0
    assert best_fixed(np.array([[nan, 0.1], [nan, nan]]), np.array([[1.0, 9.0]] * 2)) == 1


def test_random_is_the_mean_of_the_strategies_and_unknown_stays_unknown():
    found = random_choice(np.array([[1.0, 0.0], [nan, 5.0]]))
    assert found[0] == 0.5 and np.isnan(found[1])


def test_a_question_that_one_candidate_has_no_score_on_is_in_no_baseline(rows):
    assert set(common(rows, ["rag", "lc"])["question_id"]) == {"q1", "q2", "q3"}
    assert set(common(rows, ["rag"])["question_id"]) == {"q1", "q2", "q3", "q4"}


@pytest.mark.parametrize("order", [[0, 1, 2, 3, 4, 5], [5, 0, 3, 2, 1, 4]])
def test_the_baselines_of_a_table(rows, order):
    pool = common(rows, ["rag", "lc"])
    pool["flops"] = [nan, 5.0, 1.0, 5.0, 1.0, 5.0]
    found = baseline_rows(pool.iloc[order], ["rag", "lc"])
    assert list(found) == ["oracle", "best fixed (lc)", "random (mean)"]
    best, fixed, mean = (frame.set_index("question_id") for frame in found.values())
    assert best["strategy"].to_dict() == {"q1": "rag", "q2": "lc", "q3": "rag"}
    assert fixed["score"].to_dict() == {"q1": 1.0, "q2": 1.0, "q3": 0.0}
    assert mean["score"].to_dict() == {"q1": 1.0, "q2": 0.5, "q3": 0.0}
    assert mean["cost"].tolist() == [5.0, 5.0, 5.0]
    assert mean["flops"].isna().to_dict() == {"q1": True, "q2": False, "q3": False}


def test_candidates_are_all_strategies_that_read_the_documents(rows):
    named = pd.concat([rows, rows[rows["strategy"] == "rag"].assign(strategy="closed_book")])
    assert candidates(rows) == ["rag", "lc"]
    assert candidates(named) == ["rag", "lc"]
    assert candidates(rows.assign(closed_book=rows["strategy"] == "rag")) == ["lc"]
    assert candidates(named.assign(closed_book=False)) == ["rag", "lc", "closed_book"]


def test_a_router_gets_the_outcomes_of_what_it_chose(rows):
    found = routed_rows(rows, {"q1": "lc", "q2": "rag"})
    assert found[["question_id", "strategy"]].to_numpy().tolist() == [["q1", "lc"], ["q2", "rag"]]
    paid = routed_rows(rows, {"q1": ("rag", "lc"), "q2": "rag"}, ["cost"])
    assert paid["cost"].tolist() == [10.0, 1.0]
    both = routed_rows(
        rows.assign(kv=[5.0, 7.0] * 4), {"q1": ("rag", "lc"), "q2": ("lc", "rag")}, ["cost"], ["kv"]
    )
    assert both[["strategy", "cost", "kv"]].to_numpy().tolist() == [["lc", 10.0, 7.0], ["rag", 10.0, 7.0]]


def test_pareto_by_hand():
    assert pareto([1, 2, 3, 2], [0.2, 0.5, 0.4, 0.5]) == [True, True, False, True]
    assert pareto([1, nan, 2], [nan, 0.9, 0.1]) == [False, False, True]
    assert pareto([], []) == []


def test_nothing_on_the_frontier_is_beaten_and_all_else_is():
    rng = random.Random(0)
    for _ in range(50):
        points = [(rng.randint(1, 9), rng.randint(1, 9)) for _ in range(12)]
        on = pareto([c for c, _ in points], [s for _, s in points])
        for i, (cost, score) in enumerate(points):
            better = [
                j for j, (c, s) in enumerate(points) if c <= cost and s >= score and (c, s) != (cost, score)
            ]
            assert on[i] == (not better)
            if better:
                assert any(on[j] for j in better)
