"""Nothing is left out: registry, exports, test matrix, snapshots, guides and the run of all strategies."""

from importlib import import_module
from pathlib import Path

import pytest
import yaml

import lcrag
from lcrag.experiment.registry import COMPONENTS
from lcrag.strategies.catalogue import cards, table
from tests.strategies.conftest import MATRIX

ROOT = Path(__file__).parents[2]
HOMES = COMPONENTS["strategy"]


@pytest.mark.parametrize("name", HOMES)
def test_a_strategy_is_in_every_list(name):
    module, attribute = HOMES[name].split(":")
    kind = getattr(import_module(module), attribute)
    assert any(type(s) is kind for s in MATRIX)
    assert getattr(lcrag, attribute) is kind and attribute in lcrag.__all__
    for page in ("README.md", "docs/strategies.md"):
        assert f"`{name}`" in (ROOT / page).read_text("utf-8"), page


def test_the_guide_has_the_table_that_the_code_gives():
    assert table(HOMES) in (ROOT / "docs" / "strategies.md").read_text("utf-8")


def test_every_card_is_filled_in():
    for name, what, card in cards(HOMES):
        assert what and card.calls and card.tokens and card.use, name


def test_there_is_a_snapshot_for_each_and_none_too_many():
    snapshots = {f.stem for f in Path(__file__).with_name("snapshots").iterdir()}
    assert snapshots == {s.name for s in MATRIX}


def test_the_run_of_all_strategies_has_all_that_ask_a_model_themselves():
    asked = yaml.safe_load((ROOT / "experiments" / "strategies.yaml").read_text("utf-8"))["strategies"]
    types = {s if isinstance(s, str) else s["type"] for s in asked}
    assert types == set(HOMES) - {"routed"}
