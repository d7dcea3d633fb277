"""Folds: everything is tested once and nothing is learned from what is tested."""

from dataclasses import dataclass, replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lcrag.errors import LcragError
from lcrag.replay import cross_replay
from lcrag.replay.splits import folds
from lcrag.routers import (
    AdaptiveRAGRouter,
    BudgetRouter,
    CascadeRouter,
    Decision,
    FeatureRouter,
    KNNRouter,
    LaRAPrior,
    LinUCBRouter,
    ProbeRouter,
    QualityRouter,
    ReplayableRouter,
    TfidfRouter,
    ThompsonRouter,
)
from lcrag.routers.learning.parts import linked
from tests.routers.conftest import ARMS, make_examples

GROUPS = {
    "document": lambda e: e.documents,
    "task": lambda e: [q.kind for q in e.queries],
    "model": lambda e: [q.model for q in e.queries],
    "length": lambda e: e.lengths,
}
LEARNED = [
    FeatureRouter(),
    FeatureRouter(name="boosted", estimator="boosting", calibrate="isotonic"),
    QualityRouter(),
    QualityRouter(name="linear", estimator="linear", probe="chunked_retrieval", cost_weight=0.1),
    KNNRouter(k=10),
    TfidfRouter(),
    AdaptiveRAGRouter(),
    LinUCBRouter(),
    ThompsonRouter(),
    LaRAPrior(),
    ProbeRouter(),
    CascadeRouter(),
    BudgetRouter(total=1e6),
]


@pytest.fixture(scope="module")
def world():
    found = make_examples(n=150, documents=15)
    return replace(found, lengths=tuple(("32k", "64k", "128k")[i % 3] for i in range(150)))


@pytest.mark.parametrize(("split", "count"), [("document", 5), ("task", 2), ("model", 2), ("length", 3)])
def test_everything_is_tested_once_and_no_group_is_in_both_parts(world, split, count):
    groups = np.array(GROUPS[split](world))
    parts = list(folds(world, split))
    assert len(parts) == count
    assert sorted(np.concatenate([p.test for p in parts])) == list(range(len(world)))
    for part in parts:
        assert sorted([*part.train, *part.test]) == list(range(len(world)))
        assert not set(groups[part.train]) & set(groups[part.test])
        assert split == "document" or len(set(groups[part.test])) == 1


@given(
    st.lists(
        st.lists(st.sampled_from("abcdefgh"), min_size=1, max_size=2, unique=True), min_size=3, max_size=12
    )
)
def test_documents_that_one_question_is_about_are_never_in_both_parts(asked):
    world = make_examples(n=len(asked))
    world = replace(world, documents=tuple("+".join(ids) for ids in asked))
    if len(set(linked(world.documents))) < 2:
        with pytest.raises(LcragError, match="one document, or questions that link all documents, only"):
            list(folds(world))
        return
    for part in folds(world):
        train, test = ({d for i in rows for d in asked[i]} for rows in (part.train, part.test))
        assert not train & test


def test_the_seed_shuffles_documents(world):
    first, again, other = ([p.test.tolist() for p in folds(world, seed=s)] for s in (0, 0, 1))
    assert first == again != other


def test_bad_splits(world):
    with pytest.raises(LcragError, match="Unknown split 'documents'; choose document, task, model, length"):
        list(folds(world, "documents"))
    one = world.take([0, 15])
    with pytest.raises(LcragError, match="have one document, or questions that link"):
        list(folds(one))
    with pytest.raises(LcragError, match="have one kind of question only: they cannot be split by task"):
        list(folds(world.take([0]), "task"))
    with pytest.raises(LcragError, match="do not say how long the documents are"):
        list(folds(replace(world, lengths=()), "length"))


def upside_down(examples, rows):
    """The same examples, but on these rows every score is turned into its opposite."""
    scores = examples.scores.copy()
    scores[rows] = 1 - scores[rows]
    return replace(examples, scores=scores)


def test_a_poisoned_fold_changes_no_decision_on_it(world):
    """What a fold's scores are cannot be known to the router that decides it, for every router that learns."""
    for router in LEARNED:
        clean = cross_replay(router, world, count=3)
        changed = False
        for fold in folds(world, count=3):
            poisoned = cross_replay(router, upside_down(world, fold.test), count=3)
            assert poisoned.chosen[fold.test].tolist() == clean.chosen[fold.test].tolist(), router.name
            assert (poisoned.ran[fold.test] == clean.ran[fold.test]).all(), router.name
            changed |= bool((poisoned.chosen[fold.train] != clean.chosen[fold.train]).any())
        assert changed or isinstance(router, ProbeRouter | BudgetRouter | CascadeRouter), router.name


@dataclass(frozen=True)
class Leaky(ReplayableRouter):
    """Knows what it ought not to: the scores of all examples, whatever it is fitted on."""

    world: object = None
    name: str = "leaky"

    def choose(self, queries, candidates):
        known = {q.id: s for q, s in zip(self.world.queries, self.world.scores, strict=True)}
        return [Decision(ARMS[int(known[q.id].argmax())]) for q in queries]


def test_a_leak_would_be_seen(world):
    (fold, *_) = folds(world, count=3)
    poison = upside_down(world, fold.test)
    clean, poisoned = (cross_replay(Leaky(w), w, count=3).chosen[fold.test] for w in (world, poison))
    assert (clean != poisoned).mean() > 0.5


def test_near_duplicate_documents_are_never_in_both_parts(world):
    groups = tuple("twins" if d in {"d0", "d1", "d2"} else d for d in world.documents)
    for part in folds(replace(world, document_groups=groups), count=5):
        tested = {groups[i] for i in part.test}
        assert not tested & {groups[i] for i in part.train}
