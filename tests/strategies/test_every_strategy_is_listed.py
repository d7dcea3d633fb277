"""Nothing is left out: exports, cards, snapshots and the run of all strategies."""

import re
from pathlib import Path

import pytest
import yaml

import lcrag
from experiments.benchmarks.strategies import all_strategies
from lcrag.components import build, find, names
from tests.strategies.conftest import MATRIX

ROOT = Path(__file__).parents[2]
NAMES = names("strategy")


@pytest.mark.parametrize("name", NAMES)
def test_a_strategy_is_exported_and_its_card_is_filled_in(name):
    kind = find("strategy", name)
    assert getattr(lcrag, kind.__name__) is kind
    assert kind.card.calls and kind.card.tokens and kind.card.use


@pytest.mark.parametrize("name", NAMES)
def test_a_card_names_the_measurement_that_speaks_for_the_strategy_or_says_that_there_is_none(name):
    case = find("strategy", name).card.case
    source = r"table|abstract|README|section|arXiv|docs/|LongMemEval|research\.google"
    assert "not measured" in case or (re.search(r"\d", case) and re.search(source, case))
    assert len(case) < 200


def test_the_core_is_what_the_readme_shows():
    core = [name for name in NAMES if find("strategy", name).card.core]
    assert core == [
        "chunked_retrieval", "closed_book", "long_context", "memory", "retrieve_then_reason", "self_route",
    ]  # fmt: skip


def test_there_is_a_snapshot_for_each_and_none_too_many():
    snapshots = {f.stem for f in Path(__file__).with_name("snapshots").iterdir()}
    assert snapshots == {s.name for s in MATRIX}


def test_what_its_source_asks_is_told_beside_each_snapshot():
    asked = yaml.safe_load(Path(__file__).with_name("asked.yaml").read_text("utf-8"))
    assert sorted(asked) == sorted(NAMES)
    assert all(isinstance(line, str) and len(line) > 20 for line in asked.values())


def test_the_run_of_all_strategies_has_all_that_ask_a_model_themselves():
    special = yaml.safe_load((ROOT / "experiments" / "strategies.yaml").read_text("utf-8"))["strategies"]
    specs = all_strategies(special)
    assert {s["type"] for s in specs} == set(NAMES) - {"routed"}
    built = [build("strategy", s, "here").name for s in specs]
    assert sorted(set(built)) == sorted(built)
    assert {"long_context", "both_ends_think", "iter_drag", "rated_cascade", "gist_sequential"} <= set(built)
