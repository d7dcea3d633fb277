"""Run the tests that hold lcrag's promises and write their figures into docs/trust.md: ``make trust``.

A promise whose test fails is shown as failing, and the command ends with 1. ``LCRAG_DATA`` names the published data.
"""

from __future__ import annotations

import os
import platform
import re
import sys
import time
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[2]
PAGE = ROOT / "docs" / "trust.md"
sys.path.insert(0, str(ROOT))

from experiments.benchmarks.promises import PROMISES, Promise  # noqa: E402

MARKED = re.compile(r"(<!-- table: trust -->\n).*?(<!-- end of table -->)", re.DOTALL)


@dataclass(eq=False)  # pytest hashes its plugins
class Collected:
    """A pytest plugin: how each test ended and what it recorded, by its id without parameters."""

    outcomes: dict[str, list[str]] = field(default_factory=lambda: defaultdict(list))
    records: dict[str, list[tuple[str, Any]]] = field(default_factory=lambda: defaultdict(list))

    def pytest_runtest_logreport(self, report: Any) -> None:
        test = report.nodeid.partition("[")[0]
        if report.when == "call" or not report.passed:
            kept = report.outcome if not hasattr(report, "wasxfail") else "known"
            self.outcomes[test].append(kept)
        if report.when == "call":
            self.records[test] += report.user_properties

    def of(self, name: str) -> tuple[list[str], list[tuple[str, Any]]]:
        """Outcomes and records of one test, or of all tests of a file."""
        tests = [t for t in self.outcomes if t == name or t.startswith(f"{name}::")]
        return [o for t in tests for o in self.outcomes[t]], [r for t in tests for r in self.records[t]]


def figures(records: Sequence[tuple[str, Any]], cases: int) -> Mapping[str, Any]:
    """One value for each name: texts joined, numbers added up, or their ``worst_`` or ``least_``."""
    values: dict[str, list[Any]] = defaultdict(list)
    for name, value in records:
        values[name].append(value)
    return {"cases": cases} | {name: _together(name, several) for name, several in values.items()}


def _together(name: str, values: Sequence[Any]) -> Any:
    if isinstance(values[0], str):
        return "; ".join(dict.fromkeys(values))
    how = {"worst": max, "least": min}.get(name.partition("_")[0], sum)
    return how(values)


def measured(promise: Promise, collected: Collected) -> tuple[str, bool]:
    """The promise's figure, and whether it is kept."""
    found = [collected.of(test) for test in promise.tests]
    missing = [t for t, (outcomes, _) in zip(promise.tests, found, strict=True) if not outcomes]
    outcomes = [o for part, _ in found for o in part]
    if missing:
        return f"**fails**: there is no test {', '.join(missing)}", False
    if failed := outcomes.count("failed"):
        return f"**fails**: {failed} of {len(outcomes)} tests", False
    values = figures([r for _, part in found for r in part], outcomes.count("passed"))
    remarks = {"known": "known to fail", "skipped": "not run here"}
    remark = "".join(f"; {text}: {outcomes.count(o)}" for o, text in remarks.items() if o in outcomes)
    try:
        return promise.figure.format_map(values) + remark, True
    except KeyError:  # what would have recorded it was skipped: a package or the published data is missing
        return f"not measured here{remark}", True


def exists(test: str) -> bool:
    """Whether there is such a test; pytest runs nothing at all where one is missing."""
    file, _, name = test.partition("::")
    path = ROOT / file
    return path.exists() and (not name or f"def {name}(" in path.read_text("utf-8"))


def table(rows: Sequence[tuple[Promise, str]]) -> str:
    lines = ["| promise | measured | held by |", "| --- | --- | --- |"]
    for promise, figure in rows:
        tests = "<br>".join(f"`{test}`" for test in promise.tests)
        lines.append(f"| {promise.text} | {figure} | {tests} |")
    return "\n".join(lines)


def main() -> int:
    """Measure all promises and write the page."""
    import pytest

    os.chdir(ROOT)
    collected, started = Collected(), time.perf_counter()
    tests = list(
        dict.fromkeys(t for p in PROMISES for t in p.tests if (ROOT / t.partition("::")[0]).exists())
    )
    pytest.main([*tests, "-q", "--tb=short", "-p", "no:cacheprovider"], plugins=[collected])
    results = [(promise, *measured(promise, collected)) for promise in PROMISES]
    broken = [promise.text for promise, _, kept in results if not kept]
    ran, minutes = sum(map(len, collected.outcomes.values())), (time.perf_counter() - started) / 60
    machine = f"{os.cpu_count()} CPU cores ({platform.machine()}), Python {platform.python_version()}"
    footer = f"Made by `make trust` on {date.today().isoformat()}: {ran} tests in {minutes:.0f} minutes, {machine}."
    text = f"{table([(p, figure) for p, figure, _ in results])}\n\n{footer}\n"
    PAGE.write_text(MARKED.sub(lambda m: f"{m[1]}{text}{m[2]}", PAGE.read_text("utf-8")), "utf-8")
    for promise in broken:
        print(f"Not kept: {promise}", file=sys.stderr)
    return int(bool(broken))


if __name__ == "__main__":
    sys.exit(main())
