"""A router chooses a model and a strategy at once: pairs, their costs and the command."""

import numpy as np
import pandas as pd
import pytest
from typer.testing import CliRunner

from lcrag.cli import app
from lcrag.errors import LcragError
from lcrag.outcomes import save_outcomes
from lcrag.outcomes.costs import cost_of
from lcrag.replay import evaluate, examples_of
from lcrag.routers import QualityRouter

DEAR, CHEAP = "gpt-4o", "gpt-4o-mini"
PAIRS = [f"{m}: {s}" for m in (DEAR, CHEAP) for s in ("chunked_retrieval", "long_context")]


@pytest.fixture
def two_models(outcomes):
    """The dear model is right on everything, the cheap one as in the fixture."""
    dear = outcomes.assign(model=DEAR, score=1.0, question_id=outcomes["question_id"])
    return pd.concat([dear, outcomes.assign(model=CHEAP)], ignore_index=True)


def test_a_query_is_a_question_and_an_arm_a_model_with_a_strategy(two_models):
    examples = examples_of(two_models, arms=("model", "strategy"), cost="dollars", cache="cold")
    assert list(examples.strategies) == PAIRS and len(examples) == 4
    assert examples.scores[:, :2].tolist() == [[1, 1]] * 4
    assert examples.scores[:, 2:].tolist() == [[1, 0], [0, 1], [1, 0], [0, 1]]
    assert set(examples.queries[0].signals) == set(PAIRS)


def test_each_arm_costs_what_its_own_model_takes(two_models):
    examples = examples_of(two_models, arms=("model", "strategy"), cost="dollars", cache="cold")
    rows = two_models[two_models["question_id"] == "q0"]
    assert examples.costs[0].tolist() == pytest.approx(cost_of(rows, "dollars", "cold").tolist())
    assert (examples.costs[:, 0] > 10 * examples.costs[:, 2]).all()


def test_some_pairs_may_be_chosen_among(two_models):
    examples = examples_of(two_models, arms=("model", "strategy"), strategies=PAIRS[1:3])
    assert list(examples.strategies) == PAIRS[1:3]
    with pytest.raises(
        LcragError, match="There is no strategy 'long_context' in the outcomes; there are: gpt-4o"
    ):
        examples_of(two_models, arms=("model", "strategy"), strategies=["long_context"])


def test_other_arms_are_one_sentence(two_models):
    with pytest.raises(LcragError, match="arms are 'strategy' or 'model,strategy', not 'model'"):
        examples_of(two_models, arms=["model"])


def test_a_probing_router_pays_for_the_pair_that_it_probes(two_models):
    many = pd.concat(
        [
            two_models.assign(question_id=two_models["question_id"] + f"/{i}", document_id=f"d{i}")
            for i in range(20)
        ],
        ignore_index=True,
    )
    examples = examples_of(
        many, strategies=PAIRS[::2], arms=("model", "strategy"), cost="dollars", cache="cold"
    )
    router = QualityRouter(estimator="linear", probe=PAIRS[2], cost_weight=0.3)
    row = evaluate([router], examples, resamples=50, flips=50).table.set_index("name").loc["quality_router"]
    assert row["accuracy"] == 1.0 and row["cost"] < examples.mean_costs[0]
    assert np.isclose(row["overhead"], examples.mean_costs[1] / 2)


def test_the_command_lists_the_pairs(two_models, tmp_path):
    many = pd.concat(
        [
            two_models.assign(document_id=f"d{i}", question_id=two_models["question_id"] + f"/{i}")
            for i in range(6)
        ],
        ignore_index=True,
    )
    save_outcomes(many, tmp_path / "t.parquet")
    command = ["replay", str(tmp_path / "t.parquet"), "--arms", "model,strategy", "--cost", "dollars"]
    done = CliRunner().invoke(app, [*command, "--router", "quality"])
    assert done.exit_code == 0, done.output
    assert (
        all(pair in done.output for pair in PAIRS) and "best fixed (gpt-4o: chunked_retrieval)" in done.output
    )


def test_published_answers_are_chosen_among_by_model_and_strategy():
    pairs = [f"{m}: {s}" for m in ("llama-3.2-3b", "gpt-4o") for s in ("chunked_retrieval", "long_context")]
    chosen = [part for pair in pairs for part in ("--strategy", pair)]
    done = CliRunner().invoke(
        app,
        ["replay", "lara", "--arms", "model,strategy", "--kind", "location", "--router", "random", *chosen],
    )
    assert done.exit_code == 0, done.output
    assert "best fixed (gpt-4o: long_context)" in done.output and "cross-validated by document" in done.output
