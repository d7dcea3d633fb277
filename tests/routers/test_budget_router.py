"""One budget over many queries."""

import asyncio
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
import yaml
from typer.testing import CliRunner

from lcrag.cli import app
from lcrag.errors import LcragError
from lcrag.outcomes import save_outcomes
from lcrag.outcomes.rows import outcome_row
from lcrag.replay import evaluate
from lcrag.routers import BudgetRouter, FixedRouter, QualityRouter
from lcrag.routers.budget import for_all
from lcrag.runtime.resources import Resources
from lcrag.runtime.toolbox import MeteredToolbox
from lcrag.strategies import ChunkedRetrieval, LongContext
from retrievers.bm25 import BM25Retriever
from tests.routers.conftest import ARMS, accuracy


def outcomes_of(examples):
    """The examples as a table of outcomes."""
    rows = [
        outcome_row(question_id=q.id, document_id=d, kind=q.kind, strategy=s, model=q.model, question=q.text,
                    answer="in 1990", score=score, prompt_tokens=cost, document_tokens=q.tokens)
        for q, d, scores, costs in zip(
            examples.queries, examples.documents, examples.scores, examples.costs, strict=True
        )
        for s, score, cost in zip(ARMS, scores, costs, strict=True)
    ]  # fmt: skip
    return pd.DataFrame(rows)


def spent(decisions, examples):
    column = [ARMS.index(d.strategy) for d in decisions]
    return examples.costs[np.arange(len(column)), column].sum()


def test_accuracy_grows_with_the_budget_and_the_budget_is_kept(examples, unseen):
    fitted = BudgetRouter(total=1.0).fit(examples)
    least = unseen.costs.min(axis=1).sum()
    found = []
    for total in (1.05 * least, 2 * least, 3 * least, 10 * least):
        decisions = replace(fitted, total=total).choose(unseen.queries, ARMS)
        assert spent(decisions, unseen) <= total * 1.01  # costs are expected by a line
        found.append(accuracy(decisions, unseen))
    assert found == sorted(found) and found[0] < 0.7 < 0.85 < found[-1]


def test_one_at_a_time_is_nearly_as_good_as_all_at_once(examples, unseen):
    total = 2.5 * unseen.costs.min(axis=1).sum()
    fitted = BudgetRouter(total=total, questions=len(unseen)).fit(examples)
    online = [fitted.choose_next(q, ARMS) for q in unseen.queries]
    at_once = fitted.choose(unseen.queries, ARMS)
    assert spent(online, unseen) <= total * 1.01
    assert accuracy(online, unseen) > accuracy(at_once, unseen) - 0.04
    with pytest.raises(LcragError, match="200 questions were announced"):
        fitted.choose_next(unseen.queries[0], ARMS)


def test_a_batch_gets_its_share(examples, unseen):
    total = 2 * unseen.costs.min(axis=1).sum()
    half = unseen.take(range(100))
    fitted = BudgetRouter(total=total, questions=200).fit(examples)
    assert spent(fitted.choose(half.queries, ARMS), half) <= 0.52 * total
    assert fitted.choose([], ARMS) == []


def test_cross_validated_each_fold_gets_its_share(examples):
    total = 2 * examples.costs.min(axis=1).sum()
    announced = for_all(BudgetRouter(total=total), len(examples))
    report = evaluate([announced, FixedRouter("long_context")], examples, resamples=50)
    row = report.table.set_index("name").loc["budget_router"]
    assert 0.9 * total < row["cost"] * len(examples) <= 1.02 * total
    assert row["accuracy"] > report.table.set_index("name").loc["random (mean)", "accuracy"] + 0.05
    assert for_all(announced, 7) is announced and for_all(FixedRouter("x"), 7) == FixedRouter("x")


def test_from_yaml_on_outcomes(examples, tmp_path):
    save_outcomes(outcomes_of(examples), tmp_path / "table.parquet")
    total = 2 * examples.costs.min(axis=1).sum()
    spec = [
        {"type": "budget", "total": float(total), "predictor": {"type": "quality", "estimator": "linear"}}
    ]
    (tmp_path / "routers.yaml").write_text(yaml.safe_dump(spec))
    given = ["replay", str(tmp_path / "table.parquet"), "--output", str(tmp_path / "out")]
    done = CliRunner().invoke(app, [*given, "--routers", str(tmp_path / "routers.yaml")])
    assert done.exit_code == 0 and "budget_router" in done.output, done.output
    paid = pd.read_parquet(tmp_path / "out" / "decisions.parquet")["cost"].sum()
    assert 0.9 * total < paid <= 1.02 * total
    with pytest.raises(LcragError, match=r"--router \(budget\): the key 'total' is missing"):
        CliRunner().invoke(app, [*given, "--router", "budget"], catch_exceptions=False)


def test_live(examples, dataset, scripted, embedder):
    fitted = BudgetRouter(total=1e6, questions=6, predictor=QualityRouter(retrieval=False)).fit(examples)
    resources = Resources(
        scripted(), {d.id: d for d in dataset.documents}, BM25Retriever(), embedder, questions=[]
    )
    candidates = {s.name: s for s in (ChunkedRetrieval(), LongContext())}
    for question in dataset.questions:
        tools = MeteredToolbox(resources, "budget_router")
        decision = asyncio.run(fitted.route(question, candidates, tools))
        assert decision.strategy in candidates and "left" in decision.reason


def test_bad_input(examples):
    for total in (0, -5.0, float("nan")):
        with pytest.raises(ValueError, match="a budget must be above 0"):
            BudgetRouter(total=total)
    with pytest.raises(ValueError, match="must not probe"):
        BudgetRouter(total=1, predictor=QualityRouter(probe="long_context"))
    with pytest.raises(ValueError, match="must expect a quality"):
        BudgetRouter(total=1, predictor=FixedRouter("long_context"))
    with pytest.raises(LcragError, match="budget_router has learned nothing yet"):
        BudgetRouter(total=1).choose(examples.queries, ARMS)
    fitted = BudgetRouter(total=10.0).fit(examples)
    with pytest.raises(LcragError, match=r"below the .* that the cheapest option of every question costs"):
        fitted.choose(examples.queries, ARMS)
    with pytest.raises(LcragError, match="set `questions`"):
        fitted.choose_next(examples.queries[0], ARMS)
    with pytest.raises(LcragError, match="knows chunked_retrieval, long_context; the strategies are: x"):
        fitted.choose(examples.queries, ["x"])
