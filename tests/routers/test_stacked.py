"""The stacked router tells the kind of a question without being shown it, keeps its budget and decides at once."""

from __future__ import annotations

import subprocess
import sys
import time
from dataclasses import dataclass, replace

import numpy as np
import pytest
from sklearn.feature_extraction.text import TfidfVectorizer

from lcrag.errors import LcragError
from lcrag.replay import cross_replay, evaluate, replay
from lcrag.routers import Decision, LearningRouter, StackedRouter, save_router
from lcrag.routers.learning.terms import Terms
from tests.routers.conftest import ARMS, accuracy, make_examples


@pytest.fixture(scope="module")
def fitted(examples):
    return StackedRouter().fit(examples)


def unlabelled(examples):
    return replace(examples, queries=tuple(replace(q, kind="") for q in examples.queries))


def test_it_tells_the_kind_of_a_question_without_its_label(fitted, unseen):
    hidden = unlabelled(unseen).queries
    probable = fitted.kinds(hidden)["comparison"]
    compares = np.array([q.kind == "comparison" for q in unseen.queries])
    assert ((probable > 0.5) == compares).mean() > 0.95
    assert fitted.choose(hidden, ARMS) == fitted.choose(unseen.queries, ARMS)
    assert accuracy(fitted.choose(hidden, ARMS), unseen) > 0.85


def test_the_budget_is_kept_on_other_questions(fitted, examples, unseen):
    free = replay(fitted, unseen).costs.mean()
    router = StackedRouter(budget=0.5).fit(examples)
    spent = replay(router, unseen).costs.mean()
    assert router.cost_weight > 0 and spent < 1.1 * 0.5 * unseen.mean_costs.max() < free
    assert StackedRouter(budget=5.0).fit(examples).cost_weight == 0
    with pytest.raises(LcragError, match=r"its cheapest decisions take 0\.16"):
        StackedRouter(budget=0.1).fit(examples)
    unpriced = replace(examples, costs=np.full_like(examples.costs, np.nan))
    with pytest.raises(
        LcragError, match="has a budget, but the outcomes do not say what every strategy costs"
    ):
        StackedRouter(budget=0.5).fit(unpriced)


def test_without_labels_or_words_it_still_learns(examples, unseen):
    router = StackedRouter().fit(unlabelled(examples))
    assert accuracy(router.choose(unlabelled(unseen).queries, ARMS), unseen) > 0.8
    wordless = StackedRouter(words=False)
    assert not wordless.needs_text and StackedRouter().needs_text
    blank = replace(unseen, queries=tuple(replace(q, text="") for q in unseen.queries))
    assert accuracy(wordless.fit(examples).choose(blank.queries, ARMS), unseen) > 0.8
    with pytest.raises(LcragError, match=r"needs embeddings, but question q\d+ has none"):
        StackedRouter(embedding=True).fit(
            replace(examples, queries=tuple(replace(q, embedding=None) for q in examples.queries))
        )


def test_a_loaded_file_decides_the_same_in_a_fresh_process(fitted, unseen, tmp_path):
    save_router(fitted, tmp_path / "r.router")
    code = (
        "import sys; from lcrag.routers import load_router; from tests.routers.conftest import ARMS, make_examples; "
        "queries = make_examples(n=200, seed=1).queries; "
        "print(*(d.strategy for d in load_router(sys.argv[1]).choose(queries, ARMS)))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, tmp_path / "r.router"], capture_output=True, text=True, check=True
    )
    assert done.stdout.split() == [d.strategy for d in fitted.choose(unseen.queries, ARMS)]


@pytest.mark.parametrize(("unit", "shortest", "longest"), [("word", 1, 3), ("char_wb", 2, 4)])
def test_terms_are_those_of_scikit_learn(unit, shortest, longest):
    texts = [
        "When was salt first sold, and when not?", "Compare salt with silk.", "Who sold salt?", "", "Ohne Wörter"
    ]  # fmt: skip
    theirs = TfidfVectorizer(analyzer=unit, ngram_range=(shortest, longest), sublinear_tf=True)
    expected = theirs.fit_transform(texts[:3]).shape[1]
    terms = Terms.fit(texts[:3], unit, shortest, longest, 1)
    assert len(terms.terms) == expected
    np.testing.assert_allclose(terms.matrix(texts).toarray(), theirs.transform(texts).toarray())
    weights = np.random.default_rng(0).normal(size=(expected, 2))
    np.testing.assert_allclose(terms.project(texts, weights), theirs.transform(texts) @ weights)
    assert Terms.fit([""], unit, shortest, longest, 1).project(["x"], np.zeros((0, 2))).tolist() == [[0, 0]]


@dataclass(frozen=True)
class BestState:
    strategy: str


@dataclass(frozen=True)
class BestRouter(LearningRouter[BestState]):
    """Always the strategy that was best in training."""

    name: str = "best_router"

    def fit(self, examples):
        return self.with_state(BestState(examples.strategies[examples.best_fixed]))

    def choose(self, queries, candidates):
        return [Decision(self.fitted_state.strategy)] * len(queries)


def test_every_fold_learns_from_extra_examples():
    world = make_examples(n=40, documents=6)
    other = replace(make_examples(n=400, seed=2), documents=tuple(f"other {i}" for i in range(400)))
    for best, arm in enumerate(ARMS):
        certain = replace(other, scores=np.tile(np.eye(2)[best], (400, 1)))
        assert set(cross_replay(BestRouter(), world, extra=certain).chosen) == {best}, arm
        assert (
            evaluate([BestRouter()], world, extra=certain, resamples=50).replayed["best_router"].chosen[0]
            == best
        )
    with pytest.raises(LcragError, match="d0 is among those to decide and among the extra ones"):
        cross_replay(BestRouter(), world, extra=world)
    with pytest.raises(LcragError, match="same strategies and unit of cost"):
        world.joined(replace(other, unit="dollars"))


def test_a_long_question_among_many_readers_is_decided_in_under_a_millisecond():
    """As on LaRA: twelve readers, embeddings of 384 numbers, questions of thirty words."""
    rng = np.random.default_rng(0)
    world = make_examples(models=tuple(f"reader {i}" for i in range(12)))
    vocabulary = np.array(
        [f"{a}{b}{c}" for a in "bdfgklm" for b in "aeiou" for c in ("nt", "rk", "lso", "mpe", "st")]
    )
    queries = tuple(
        replace(
            q, text=f"{q.text} {' '.join(rng.choice(vocabulary, 24))}", embedding=rng.normal(size=384) / 20
        )
        for q in world.queries
    )
    fitted = StackedRouter(budget=0.6, embedding=True).fit(replace(world, queries=queries))
    fitted.choose(queries[:1], ARMS)
    times = []
    for query in queries[:300]:
        start = time.process_time()
        fitted.choose([query], ARMS)
        times.append(time.process_time() - start)
    assert np.quantile(times, 0.05) < 1e-3  # other work on the machine makes it slower, never faster
