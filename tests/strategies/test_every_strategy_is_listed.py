"""Nothing is left out: registry, exports, test matrix, snapshots, guides and the run of all strategies."""

from pathlib import Path

import pytest
import yaml

import lcrag
from lcrag.components import find, names
from tests.strategies.conftest import MATRIX

ROOT = Path(__file__).parents[2]
NAMES = names("strategy")


@pytest.mark.parametrize("name", NAMES)
def test_a_strategy_is_in_every_list(name):
    kind = find("strategy", name)
    assert any(type(s) is kind for s in MATRIX)
    assert getattr(lcrag, kind.__name__) is kind


def test_every_card_is_filled_in():
    for name in NAMES:
        card = getattr(find("strategy", name), "card", None)
        assert name == "routed" or (card.calls and card.tokens and card.use), name


def test_there_is_a_snapshot_for_each_and_none_too_many():
    snapshots = {f.stem for f in Path(__file__).with_name("snapshots").iterdir()}
    assert snapshots == {s.name for s in MATRIX}


def test_the_run_of_all_strategies_has_all_that_ask_a_model_themselves():
    asked = yaml.safe_load((ROOT / "experiments" / "strategies.yaml").read_text("utf-8"))["strategies"]
    types = {s if isinstance(s, str) else s["type"] for s in asked}
    assert types == set(NAMES) - {"routed"}
