"""docs/trust.md: every promise has its tests, the page shows all of them, and a broken one is told."""

from __future__ import annotations

from types import SimpleNamespace

import pytest

from experiments.benchmarks.promises import PROMISES, Promise
from experiments.benchmarks.trust import PAGE, Collected, exists, measured


@pytest.mark.parametrize("test", sorted({t for p in PROMISES for t in p.tests}))
def test_a_promises_test_exists(test):
    assert exists(test), f"{test} is gone: name another test in experiments/benchmarks/promises.py"


def test_the_page_shows_every_promise_and_none_is_broken():
    lines = PAGE.read_text("utf-8").splitlines()
    rows = {line.split(" | ")[0].removeprefix("| "): line for line in lines if line.startswith("| ")}
    shown = [row for row in rows if row not in ("promise", "---")]
    assert shown == [p.text for p in PROMISES], "docs/trust.md is stale: make trust"
    for promise in PROMISES:
        assert all(f"`{test}`" in rows[promise.text] for test in promise.tests), promise.text
        assert "fails" not in rows[promise.text] and "not measured" not in rows[promise.text]


@pytest.fixture
def collected():
    def collect(*reports):
        plugin = Collected()
        for nodeid, outcome, records in reports:
            report = {"nodeid": nodeid, "when": "call", "outcome": outcome, "user_properties": records}
            plugin.pytest_runtest_logreport(SimpleNamespace(passed=outcome == "passed", **report))
        return plugin

    return collect


def test_figures_of_all_cases_are_put_together(collected):
    seen = collected(
        ("t.py::test_a[x]", "passed", [("tokens", 10), ("worst_error", 0.1), ("trust", "8: 94%")]),
        ("t.py::test_a[y]", "passed", [("tokens", 5), ("worst_error", 0.3), ("trust", "20: 95%")]),
        ("t.py::test_ab", "failed", []),
    )
    promise = Promise("It adds up.", ("t.py::test_a",), "{tokens}, {worst_error}, {trust}, {cases}")
    assert measured(promise, seen) == ("15, 0.3, 8: 94%; 20: 95%, 2", True)


def test_a_failing_or_missing_test_breaks_its_promise(collected):
    seen = collected(("t.py::test_a[x]", "passed", []), ("t.py::test_a[y]", "failed", []))
    assert measured(Promise("It holds.", ("t.py::test_a",), "fine"), seen) == (
        "**fails**: 1 of 2 tests",
        False,
    )
    assert measured(Promise("It holds.", ("t.py::test_b",)), seen)[1] is False
    assert measured(Promise("All of it.", ("t.py",)), seen)[1] is False
    skipped = collected(("t.py::test_a", "skipped", []))
    assert measured(Promise("It holds.", ("t.py::test_a",)), skipped) == (
        "not measured here; not run here: 1",
        True,
    )
