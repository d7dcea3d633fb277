"""A router survives being saved."""

from __future__ import annotations

import zipfile
from dataclasses import replace

import numpy as np
import pytest

from lcrag.components import build, names
from lcrag.routers import (
    AdaptiveRAGRouter,
    BudgetRouter,
    CascadeRouter,
    FeatureRouter,
    FixedRouter,
    KNNRouter,
    LaRAPrior,
    LaRARule,
    LinUCBRouter,
    ProbeRouter,
    QualityRouter,
    RandomRouter,
    StackedRouter,
    TfidfRouter,
    ThompsonRouter,
    load_router,
    save_router,
)
from tests.routers.conftest import ARMS

EVERY = [
    FeatureRouter(),
    FeatureRouter(name="boosted", estimator="boosting", calibrate="isotonic"),
    FeatureRouter(name="sigmoid", estimator="boosting", calibrate="sigmoid"),
    QualityRouter(),
    QualityRouter(name="linear", estimator="linear", probe="chunked_retrieval"),
    KNNRouter(k=10),
    TfidfRouter(),
    AdaptiveRAGRouter(),
    LinUCBRouter(),
    ThompsonRouter(),
    LaRAPrior(),
    ProbeRouter(),
    CascadeRouter(),
    BudgetRouter(total=1e9),
    BudgetRouter(total=1e9, name="by_neighbours", predictor=KNNRouter(k=10)),
    FixedRouter("long_context"),
    RandomRouter(seed=3),
    LaRARule(),
    StackedRouter(),
]


@pytest.mark.parametrize("router", EVERY, ids=lambda r: r.name)
def test_saved_and_loaded_it_decides_the_same(router, examples, unseen, tmp_path):
    fitted = router.fit(examples)
    save_router(fitted, tmp_path / "r.router")
    loaded = load_router(tmp_path / "r.router")
    assert loaded == fitted
    assert loaded.choose(unseen.queries, ARMS) == fitted.choose(unseen.queries, ARMS)
    assert not loaded.learns
    members = zipfile.ZipFile(tmp_path / "r.router").namelist()
    assert not any(name.endswith((".pkl", ".pickle")) for name in members)


def test_an_unfitted_router_and_three_strategies(examples, tmp_path):
    save_router(TfidfRouter(min_df=3), tmp_path / "r")
    assert load_router(tmp_path / "r") == TfidfRouter(min_df=3) and load_router(tmp_path / "r").learns
    three = replace(
        examples,
        strategies=(*ARMS, "gist"),
        scores=np.column_stack([examples.scores, np.arange(len(examples)) % 3 == 0]),
        costs=np.column_stack([examples.costs, np.full(len(examples), 1500.0)]),
    )
    for router in (FeatureRouter(estimator="boosting", calibrate="sigmoid"), TfidfRouter(), QualityRouter()):
        fitted = router.fit(three)
        save_router(fitted, tmp_path / "r")
        arms = three.strategies
        assert load_router(tmp_path / "r").choose(three.queries, arms) == fitted.choose(three.queries, arms)


def test_it_is_listed_and_built_from_yaml(file, tmp_path):
    assert "file" in names("router")
    spec = {"type": "file", "path": file.name, "trusted": ["some.package.Estimator"]}
    assert build("router", spec, "x.yaml", folder=tmp_path) == QualityRouter()
