"""Oracle, best fixed, random and replayed routers on tables small enough to check by eye; the frontier."""

import random
from math import nan

import pandas as pd
import pytest

from lcrag.analysis.frontier import pareto
from lcrag.outcomes.baselines import best_fixed, common, oracle, random_choice, replay


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


def test_a_question_that_one_candidate_has_no_score_on_is_in_no_baseline(rows):
    assert set(common(rows, ["rag", "lc"])["question_id"]) == {"q1", "q2", "q3"}
    assert set(common(rows, ["rag"])["question_id"]) == {"q1", "q2", "q3", "q4"}


def test_the_oracle_takes_the_best_and_the_cheapest_of_equals(rows):
    found = oracle(common(rows, ["rag", "lc"]), "cost").set_index("question_id")
    assert found["strategy"].to_dict() == {"q1": "rag", "q2": "lc", "q3": "rag"}
    assert found["score"].mean() == pytest.approx(2 / 3)


def test_best_fixed_is_the_best_mean_then_the_cheaper(rows):
    assert best_fixed(common(rows, ["rag", "lc"]), "cost") == "lc"
    assert best_fixed(rows.assign(score=1.0), "cost") == "rag"


def test_random_is_the_mean_of_the_candidates_and_unknown_stays_unknown(rows):
    pool = common(rows, ["rag", "lc"])
    pool["flops"] = [nan, 5.0, 1.0, 5.0, 1.0, 5.0]
    found = random_choice(pool).set_index("question_id")
    assert found["score"].to_dict() == {"q1": 1.0, "q2": 0.5, "q3": 0.0}
    assert found["cost"].tolist() == [5.0, 5.0, 5.0]
    assert found["flops"].isna().tolist() == [True, False, False]


def test_a_router_is_replayed_on_outcomes_that_exist(rows):
    found = replay(rows, {"q1": "lc", "q2": "rag"})
    assert found[["question_id", "strategy"]].to_numpy().tolist() == [["q1", "lc"], ["q2", "rag"]]


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
