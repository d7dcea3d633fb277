"""The routing page's blocks and the scripts that write them belong together, and variants keep their budget."""

from __future__ import annotations

import importlib
import re
import string
import sys
from pathlib import Path

import numpy as np
import pytest

from lcrag.replay import replay
from lcrag.routers import StackedRouter
from tests.routers.conftest import make_examples

ROOT = Path(__file__).parents[2]
SCRIPTS = ROOT / "experiments" / "benchmarks"


@pytest.fixture(autouse=True)
def scripts(monkeypatch):
    """As when a script is run: its folder comes first on the path."""
    monkeypatch.syspath_prepend(str(SCRIPTS))
    yield
    for name in [n for n in sys.modules if n == "page" or n.startswith("routing_") or n == "routing"]:
        del sys.modules[name]


def test_every_block_of_the_page_has_a_script_and_a_template():
    text = (ROOT / "docs" / "routing.md").read_text("utf-8")
    blocks = [name for group in importlib.import_module("routing").BLOCKS for name in group]
    assert sorted(blocks) == sorted(re.findall(r"<!-- end of (\w+) -->", text.split("## Measured")[1]))
    for name in blocks:
        source = (SCRIPTS / f"routing_{name}.py").read_text("utf-8")
        assert "def page() -> str:" in source and f'write_block("{name}", page)' in source
        template = (SCRIPTS / f"routing_{name}.md").read_text("utf-8")
        fields = {field for _, field, _, _ in string.Formatter().parse(template) if field}
        sources = "".join(p.read_text("utf-8") for p in SCRIPTS.glob("routing_*.py"))
        assert fields and all(f'"{field}"' in sources for field in fields), fields


def test_a_second_level_keeps_the_budget_and_isotonic_gains_keep_their_order():
    second = importlib.import_module("routing_second")
    world, unseen = make_examples(n=400), make_examples(n=200, seed=1)
    router = second.SecondLevel(budget=0.5, make=second.Isotonic, narrow=True).fit(world)
    decided = replay(router, unseen)
    assert decided.costs.mean() < 1.1 * 0.5 * unseen.mean_costs.max()
    assert decided.scores.mean() > unseen.mean_scores.max()
    both = second.Ensemble(budget=0.5, embedding=True).fit(world)
    parts = [StackedRouter(budget=0.5, embedding=e).fit(world).predict(unseen.queries) for e in (True, False)]
    assert np.allclose(both.predict(unseen.queries), np.mean(parts, axis=0))


def test_a_probe_sees_how_far_it_agrees_with_the_one_before(outcomes):
    probes = importlib.import_module("routing_probes")
    order = ("chunked_retrieval", "long_context")
    table = outcomes.assign(answer=["in 1990", "in 1990", "in 1990", "no date"] * 2)
    agreement = probes.with_agreement(table, order)
    assert agreement.loc[table["strategy"] == order[0], "signal_agreement"].isna().all()
    assert agreement.loc[table["strategy"] == order[1], "signal_agreement"].tolist() == [1.0, 0.0, 1.0, 0.0]
