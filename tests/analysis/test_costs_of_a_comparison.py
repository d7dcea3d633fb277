"""Latency, KV memory and what is left out, in the table of a comparison."""

from dataclasses import replace
from math import isnan

import numpy as np
import pandas as pd
import pytest

from lcrag.analysis.comparison import compare
from lcrag.schema import Ledger, Outcome, Usage


def outcomes(known=True, dollars=None):
    rows = []
    for strategy, seconds in (("fast", 1.0), ("slow", 10.0)):
        for i in range(20):
            read = Usage(100, 0, 5, 1, seconds * (i + 1), 10.0, 1000 * (i + 1), dollars)
            embed = Usage(9, calls=1, seconds=0.5, flops=2.0 if known else None, dollars=None)
            ledger = Ledger({"read": read} | ({"embed": embed} if strategy == "fast" else {}))
            rows.append(Outcome(f"q{i}", f"d{i % 4}", "", strategy, "m", 0, score=float(i % 2), usage=ledger))
    return pd.DataFrame([r.flat() for r in rows])


def figures(comparison, name):
    return comparison.table.set_index("name").loc[name]


def test_latency_is_the_quantile_over_questions_of_all_that_they_waited_for():
    fast = figures(compare(outcomes()), "fast")
    waited = np.arange(1, 21) + 0.5
    assert (fast.p50, fast.p95) == (np.quantile(waited, 0.5), pytest.approx(np.quantile(waited, 0.95)))
    assert fast.seconds == pytest.approx(waited.mean())


def test_kv_is_the_largest_cache_and_of_a_router_the_largest_of_what_it_ran():
    choices = {f"q{i}": ("slow", "fast") for i in range(20)}
    comparison = compare(outcomes(), routers={"both": choices})
    both = figures(comparison, "both")
    assert figures(comparison, "fast").kv_bytes == both.kv_bytes == 20_000
    assert both.flops == 10 + 10 + 2
    assert "20k" in comparison.shown().set_index("strategy").loc["both", "KV"]


def test_the_random_choice_has_no_quantile():
    random = figures(compare(outcomes()), "random (mean)")
    assert isnan(random.p50) and isnan(random.p95) and isnan(random.kv_bytes)


def test_what_is_left_out_is_told():
    text = " ".join(str(compare(outcomes(known=False))).split())
    assert "FLOPs leave out the embedder of fast: its shape is not known." in text
    assert "dollars" not in text
    priced = " ".join(str(compare(outcomes(dollars=0.1))).split())
    assert "Dollars leave out the embedder of fast: it has no price card." in priced
    assert "leave out" not in str(compare(outcomes()))


def test_unknown_seconds_have_no_quantile():
    rows = outcomes()
    rows.loc[0, "read_seconds"] = np.nan
    assert isnan(figures(compare(rows), "fast").p95)
    assert replace(compare(rows)).shown().set_index("strategy").loc["fast", "p95"] == "-"
