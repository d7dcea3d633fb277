"""Change the code at a sample of places, one at a time, and list the changes that no test notices: ``make mutants``.

Works on a copy of the tree with mutmut (https://mutmut.readthedocs.io). A survivor is a missing test, or a change
without an effect. ``SURVIVORS.md`` holds what was found.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import shutil
import subprocess
import sys
from collections import Counter
from pathlib import Path

ROOT = Path(__file__).parents[2]
TARGETS = (
    "lcrag/schema.py",
    "lcrag/ledger.py",
    "lcrag/statistics/*.py",
    "lcrag/runtime/toolbox.py",
    "lcrag/runtime/prefixes.py",
    "lcrag/experiment/engine.py",
    "lcrag/experiment/journal.py",
    "lcrag/outcomes/costs.py",
    "lcrag/outcomes/amounts.py",
    "lcrag/outcomes/pricing.py",
    "lcrag/outcomes/baselines.py",
    "lcrag/routers/learning/scoring.py",
    "lcrag/cost/price.py",
    "lcrag/metrics/*.py",
)
TESTS = (
    "tests/test_schema.py",
    "tests/test_statistics.py",
    "tests/runtime/test_caps.py",
    "tests/runtime/test_own_prefixes.py",
    "tests/runtime/test_documents_kept_apart.py",
    "tests/experiment/test_engine.py",
    "tests/experiment/test_journal.py",
    "tests/outcomes",
    "tests/analysis/test_comparison.py",
    "tests/replay/test_examples.py",
    "tests/routers/test_learned.py",
    "tests/routers/test_scoring.py",
    "tests/cost/test_price.py",
    "tests/metrics",
)
SETTINGS = """timeout_multiplier = 5
timeout_constant = 3
track_dependencies = false
use_git_change_detection = false
"""
COPIED = ("lcrag", "retrievers", "embedders", "tests", "pyproject.toml")


def main() -> None:
    """Run mutmut on a sample and print the survivors by file."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--sample", type=int, default=60, help="number of changes; 0 for all")
    parser.add_argument("--seed", type=int, default=0, help="seeds the sample")
    parser.add_argument("--work", type=Path, default=ROOT / "build" / "mutants", help="folder of the copy")
    parser.add_argument("--only", default="", help="part of a file's path, such as metrics")
    arguments = parser.parse_args()
    work: Path = arguments.work
    copy_tree(work)
    mutmut(work, "no.such.mutant")  # makes the changes and notes which test runs which function
    names = sorted(n for n in read_results(work) if arguments.only.replace("/", ".") in n)
    sample = random.Random(arguments.seed).sample(names, min(arguments.sample or len(names), len(names)))
    print(f"{len(sample)} of {len(names)} changes, seed {arguments.seed}", flush=True)
    mutmut(work, *sample)
    results = {name: code for name, code in read_results(work).items() if name in set(sample)}
    print(summary(results))
    for name in sorted(n for n, code in results.items() if code == 0):
        shown = subprocess.run(
            [sys.executable, "-m", "mutmut", "show", name],
            cwd=work,
            text=True,
            capture_output=True,
            check=False,
        )
        changed = [s for s in shown.stdout.splitlines() if s[:1] in "+-" and s[:3] not in ("+++", "---")]
        print(f"\n{name}\n" + "\n".join(changed))


def copy_tree(work: Path) -> None:
    """A fresh copy with mutmut's settings."""
    shutil.rmtree(work, ignore_errors=True)
    work.mkdir(parents=True)
    for name in COPIED:
        if (ROOT / name).is_dir():
            shutil.copytree(ROOT / name, work / name, ignore=shutil.ignore_patterns("__pycache__", "mutants"))
        else:
            shutil.copy(ROOT / name, work / name)
    lists = {
        "source_paths": ["lcrag"],
        "also_copy": ["retrievers", "embedders"],
        "only_mutate": TARGETS,
        "pytest_add_cli_args": ["-m", "not slow", "-p", "no:cacheprovider"],
        "pytest_add_cli_args_test_selection": TESTS,
    }
    lines = [f"{key} =\n" + "".join(f"    {value}\n" for value in values) for key, values in lists.items()]
    (work / "setup.cfg").write_text("[mutmut]\n" + "".join(lines) + SETTINGS)


def mutmut(work: Path, *names: str) -> None:
    """Run mutmut on these changes; what it prints goes to ``mutmut.log``."""
    command = [sys.executable, "-m", "mutmut", "run", "--max-children", "2", *names]
    with (work / "mutmut.log").open("a") as log:
        environment = os.environ | {
            "OMP_NUM_THREADS": "1"
        }  # threads of libraries do not survive mutmut's fork
        subprocess.run(command, cwd=work, env=environment, stdout=log, stderr=subprocess.STDOUT, check=False)


def read_results(work: Path) -> dict[str, int | None]:
    """mutmut's exit code for each change: 0 survived, 1 killed, 33 no test, 36 or -24 too slow, ``None`` not run."""
    codes: dict[str, int | None] = {}
    for path in (work / "mutants").rglob("*.meta"):
        codes |= json.loads(path.read_text())["exit_code_by_key"]
    return codes


def summary(results: dict[str, int | None]) -> str:
    """A line for each file: killed, survived, without a test."""
    groups = {
        0: "survived",
        1: "killed",
        3: "killed",
        33: "without a test",
        36: "timed out",
        -24: "timed out",
        None: "not run",
    }
    counts: dict[str, Counter[str]] = {}
    for name, code in results.items():
        module = name.rsplit(".", 1)[0]
        counts.setdefault(module, Counter())[groups.get(code, f"code {code}")] += 1
    return "\n".join(
        f"{module}: " + ", ".join(f"{n} {group}" for group, n in sorted(counted.items()))
        for module, counted in sorted(counts.items())
    )


if __name__ == "__main__":
    main()
