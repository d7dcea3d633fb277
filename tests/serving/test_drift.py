"""Questions like those of training are quiet at about 5%; others are told, with what has changed."""

from dataclasses import replace

import numpy as np
import pytest
from sklearn.metrics import roc_auc_score
from typer.testing import CliRunner

from lcrag import CascadeRouter, FixedRouter, LinUCBRouter, QualityRouter, load_router, save_router
from lcrag.cli import app as cli
from lcrag.errors import LcragError
from lcrag.routers.learning.inputs import InputSample, feature_rows
from lcrag.serving.drift import drift
from lcrag.serving.feedback_log import FeedbackLog
from lcrag.serving.shift import independent, stability_index
from lcrag.statistics.clustered_auc import clustered_auc
from tests.routers.conftest import make_examples
from tests.serving.test_feedback import served
from tests.serving.test_off_policy import table  # noqa: F401 (a fixture)


def asked(examples):
    """The answers of an application that was asked these questions."""
    return [
        served(f"a{i}", question=q.text, documents=(d,), features=dict(q.features), tokens=q.tokens)
        for i, (q, d) in enumerate(zip(examples.queries, examples.clusters, strict=True))
    ]


def learned(examples):
    """A router that has seen these questions."""
    state = LinUCBRouter(warm_up=1).fit(make_examples(2)).state
    return LinUCBRouter().with_state(LinUCBRouter().with_inputs(state, examples))


def world(seed, n=200, documents=30, shift=0.0):
    """Features of all sorts; those of a document are the same for all its questions."""
    rng, examples = np.random.default_rng(seed), make_examples(n, seed, documents=documents)
    size = rng.normal(size=documents) + shift
    queries = tuple(
        replace(q, features={
            "size": float(size[i % documents]), "topic": float(size[i % documents] + rng.normal()),
            "words": float(rng.poisson(8)), "flag": float(rng.random() < 0.1), "free": float(rng.normal()),
        })
        for i, q in enumerate(examples.queries)
    )  # fmt: skip
    return replace(examples, queries=queries, documents=tuple(f"{seed}/{d}" for d in examples.documents))


def test_questions_of_the_same_kind_are_quiet():
    told = [drift(learned(world(2 * s)), asked(world(2 * s + 1))).drifted for s in range(40)]
    assert np.mean(told) <= 0.1


def test_shifted_questions_are_told():
    result = drift(learned(world(1)), asked(world(2, shift=2.0)))
    assert result.drifted and result.auc > 0.8 and result.auc_low > 0.7
    assert {f.name for f in result.features if f.p_value < 0.05} == {"size", "topic"}
    assert result.features[0].psi > 0.25 and result.features[0].distance > 0.5
    assert "200 questions on 30 documents differ from those that the router learned from in" in result.verdict
    assert "fit it again" in str(result)


def test_laras_halves_are_quiet_and_books_against_papers_are_told(table):  # noqa: F811
    documents = np.array(table.clusters)
    told = []
    for seed in range(10):
        shuffled = np.random.default_rng(seed).permutation(np.unique(documents))
        first = np.isin(documents, shuffled[: len(shuffled) // 2])
        halves = [table.take(np.flatnonzero(mask)) for mask in (first, ~first)]
        told.append(drift(learned(halves[0]), asked(halves[1])).drifted)
    assert np.sum(told) <= 2
    genre = np.array([d.split("/")[1] for d in documents])
    books, papers = (table.take(np.flatnonzero(genre == g)) for g in ("book", "paper"))
    result = drift(learned(books), asked(papers))
    assert result.drifted and result.auc > 0.9, str(result)


def test_too_few_or_no_questions_and_routers_without_a_sample():
    few = drift(learned(world(1)), asked(world(2, shift=3.0).take(range(5))))
    assert few.verdict == "5 questions on 5 documents are too few to tell: at least 30 are needed."
    assert drift(learned(world(1)), asked(world(2).take(range(1)))).questions == 1
    with pytest.raises(LcragError, match="Nothing was asked yet"):
        drift(learned(world(1)), [])
    for router in (CascadeRouter().fit(make_examples(50)), FixedRouter("x")):
        with pytest.raises(LcragError, match=f"Router {router.name} keeps no sample of what it learned from"):
            drift(router, asked(world(1)))
    with pytest.raises(LcragError, match="Router quality_router has learned nothing yet"):
        drift(QualityRouter(), asked(world(1)))
    with pytest.raises(LcragError, match="No router decides here"):
        drift(None, asked(world(1)))


def test_a_feature_that_is_missing_is_not_compared():
    live = world(3)
    live = replace(
        live, queries=tuple(replace(q, features=q.features | {"free": float("nan")}) for q in live.queries)
    )
    result = drift(learned(world(1)), asked(live))
    (free,) = [f for f in result.features if f.name == "free"]
    assert free.p_value != free.p_value and result.features[-1] is free and not result.drifted


def test_the_command_reads_a_routers_file(tmp_path):
    examples = make_examples()
    save_router(QualityRouter(estimator="linear").fit(examples), tmp_path / "r")
    assert load_router(tmp_path / "r").state.inputs.count == 400
    log = FeedbackLog(tmp_path / "f")
    for answer in asked(make_examples(400, 1).take(range(3, 400, 7))):
        log.add_answer(answer)
    run = CliRunner().invoke(cli, ["drift", str(tmp_path / "r"), str(tmp_path / "f")])
    assert run.exit_code == 0 and "No sign of drift in 57 questions on 20 documents." in run.output
    assert run.output.count("\n") == 14


def test_the_sample_is_bounded_and_has_no_texts():
    examples = make_examples(50)
    sample = InputSample.of(examples.queries, examples.clusters, retrieval=False, max_rows=20)
    assert sample.rows.shape == (20, len(sample.names)) and sample.count == 50
    full = InputSample.of(examples.queries, examples.clusters, retrieval=False)
    np.testing.assert_array_equal(full.rows, feature_rows(examples.queries, full.names))


def test_statistics_against_other_computations():
    rng = np.random.default_rng(0)
    x, y = rng.normal(0.5, 1, 80).round(1), rng.normal(0, 1, 120).round(1)
    auc, error, freedom = clustered_auc(x, y, list(map(str, range(80))), list(map(str, range(120))))
    assert auc == pytest.approx(roc_auc_score([1] * 80 + [0] * 120, [*x, *y])) and freedom == 79
    resampled = [
        roc_auc_score([1] * 80 + [0] * 120, [*rng.choice(x, 80), *rng.choice(y, 120)]) for _ in range(1000)
    ]
    assert error == pytest.approx(np.std(resampled), rel=0.1)
    tenfold = clustered_auc(
        np.repeat(x, 10), np.repeat(y, 10), np.repeat(np.arange(80), 10), np.repeat(np.arange(120), 10)
    )
    assert tenfold[:2] == pytest.approx((auc, error))
    assert independent(np.repeat(x, 10), np.repeat(np.arange(80), 10)) == pytest.approx(80, abs=1.5)
    assert independent(x, np.arange(80)) == pytest.approx(80, abs=1.5)
    assert stability_index(x, x) == 0 < stability_index(x, y) < stability_index(x, y - 3)
