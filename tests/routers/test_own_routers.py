"""Routers, states and estimators of one's own in a file: loaded when they are named."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest

from lcrag.components import build
from lcrag.errors import LcragError
from lcrag.routers import (
    Decision,
    FeatureRouter,
    LaRAPrior,
    LearningRouter,
    QualityRouter,
    ReplayableRouter,
    load_router,
    save_router,
)
from tests.routers.conftest import ARMS, accuracy


@dataclass(frozen=True)
class Words:
    weight: float
    counts: dict[str, int]


@dataclass(frozen=True)
class WordState:
    words: tuple[Words, ...]
    matrix: np.ndarray
    estimator: object
    inner: LaRAPrior | None
    table: dict[str, np.ndarray]


@dataclass(frozen=True)
class WordRouter(LearningRouter[WordState]):
    """Somebody's router, with all that a state may hold."""

    favourites: tuple[str, ...] = ("long_context",)
    name: str = "word_router"

    def fit(self, examples):
        from sklearn.linear_model import Ridge

        rows = np.arange(len(examples))[:, None]
        words = (Words(0.5, {"tin": 1}), Words(2.0, {}))
        ridge = Ridge().fit(rows, examples.scores)
        state = WordState(words, examples.scores[:3], ridge, LaRAPrior().fit(examples), {"a": np.eye(2)})
        return self.with_state(state)

    def choose(self, queries, candidates):
        return [Decision(self.favourites[0])] * len(queries)


def test_ones_own_router_is_saved_and_loaded_when_it_is_named(examples, tmp_path):
    fitted = WordRouter(("a", "b")).fit(examples)
    save_router(fitted, tmp_path / "r")
    with pytest.raises(LcragError, match=r"class '.*test_own_routers:WordRouter', .* name it in `trusted`"):
        load_router(tmp_path / "r")
    for trusted in ([WordRouter], [f"{WordRouter.__module__}:WordRouter"]):
        loaded = load_router(tmp_path / "r", trusted)
        assert loaded == fitted and loaded.favourites == ("a", "b")
        assert loaded.state.words == fitted.state.words
        assert loaded.state.matrix.tolist() == fitted.state.matrix.tolist()
        assert loaded.state.estimator.coef_.tolist() == fitted.state.estimator.coef_.tolist()
        assert loaded.state.inner.state == fitted.state.inner.state
        assert loaded.state.table["a"].tolist() == [[1, 0], [0, 1]]


OWN = """
from dataclasses import dataclass
from typing import Any
from lcrag.routers import Decision, LearningRouter

@dataclass(frozen=True)
class MyRouter(LearningRouter[dict[str, Any]]):
    name: str = "mine"
    bonus: float = 0.0

    def fit(self, examples):
        return self.with_state({"best": examples.strategies[examples.best_fixed], "scores": examples.scores[:2]})

    def choose(self, queries, candidates):
        return [Decision(self.fitted_state["best"])] * len(queries)
"""


def test_a_router_from_a_file_of_ones_own(examples, tmp_path, monkeypatch):
    (tmp_path / "mine.py").write_text(OWN)
    fitted = build("router", {"type": "./mine.py:MyRouter", "bonus": 2}, "x", folder=tmp_path).fit(examples)
    save_router(fitted, tmp_path / "my.router")
    with pytest.raises(LcragError, match=r"class 'mine\.py:MyRouter', which is not one of lcrag's"):
        load_router(tmp_path / "my.router")
    monkeypatch.chdir(tmp_path)
    spec = {"type": "file", "path": "my.router", "trusted": ["./mine.py:MyRouter"]}
    loaded = build("router", spec, "x", folder=Path())
    assert (loaded.bonus, loaded.state["best"]) == (2.0, fitted.state["best"])
    assert loaded.choose(examples.queries[:1], ARMS) == fitted.choose(examples.queries[:1], ARMS)


@dataclass(frozen=True)
class Holder(ReplayableRouter):
    thing: object
    name: str = "holder"


class NotData(ReplayableRouter):
    name = "not_data"


def test_what_cannot_be_saved_says_so(tmp_path):
    with pytest.raises(LcragError, match=r"A router with object in router\.thing cannot be saved"):
        save_router(Holder(object()), tmp_path / "r")
    with pytest.raises(LcragError, match="declare the field's type as Words"):
        save_router(Holder(Words(1.0, {})), tmp_path / "r")
    with pytest.raises(LcragError, match="not_data cannot be saved: make NotData a dataclass"):
        save_router(NotData(), tmp_path / "r")
    assert not (tmp_path / "r").exists()


def test_any_scikit_learn_estimator_can_be_plugged_in(examples, unseen, tmp_path):
    from sklearn.ensemble import RandomForestRegressor
    from sklearn.tree import DecisionTreeClassifier

    tree = FeatureRouter(estimator=DecisionTreeClassifier(max_depth=3, random_state=0))
    forest = QualityRouter(estimator=RandomForestRegressor(20, random_state=0, min_samples_leaf=5))
    for router, trusted in ((tree, []), (forest, [RandomForestRegressor])):
        fitted = router.fit(examples)
        assert accuracy(fitted.choose(unseen.queries, ARMS), unseen) > 0.85
        save_router(fitted, tmp_path / "r")
        loaded = load_router(tmp_path / "r", trusted)
        assert loaded.choose(unseen.queries, ARMS) == fitted.choose(unseen.queries, ARMS)
    with pytest.raises(LcragError, match="'logistics' is not an estimator for a router"):
        FeatureRouter(estimator="logistics").fit(examples)


def test_an_estimator_of_ones_own_is_loaded_when_it_is_named(examples, tmp_path):
    from tests.routers.stranger import Stranger

    save_router(FeatureRouter(estimator=Stranger()).fit(examples), tmp_path / "r")
    with pytest.raises(LcragError, match=r"holds tests\.routers\.stranger\.Stranger .*name it in `trusted`"):
        load_router(tmp_path / "r")
    for trusted in (["tests.routers.stranger.Stranger"], [Stranger], ["tests.routers.stranger:Stranger"]):
        assert load_router(tmp_path / "r", trusted).choose(examples.queries[:1], ARMS)
