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
from collections.abc import Sequence
from pathlib import Path

ROOT = Path(__file__).parents[2]
PRICED = ("tests/outcomes", "tests/analysis/test_comparison.py")
RUN = ("tests/experiment/test_engine.py", "tests/experiment/test_journal.py")
TOOLS = (
    "tests/runtime/test_caps.py",
    "tests/runtime/test_own_prefixes.py",
    "tests/runtime/test_documents_kept_apart.py",
)
TARGETS = {  # what is changed, and the tests that are run on it
    "lcrag/schema.py": ("tests/test_schema.py", *TOOLS, *RUN),
    "lcrag/ledger.py": ("tests/test_schema.py", *TOOLS, *RUN),
    "lcrag/statistics/*.py": ("tests/test_statistics.py", "tests/analysis/test_comparison.py"),
    "lcrag/runtime/toolbox.py": (*TOOLS, *RUN),
    "lcrag/runtime/prefixes.py": TOOLS,
    "lcrag/experiment/engine.py": (*RUN, *TOOLS),
    "lcrag/experiment/journal.py": RUN,
    "lcrag/outcomes/costs.py": PRICED,
    "lcrag/outcomes/amounts.py": PRICED,
    "lcrag/outcomes/pricing.py": PRICED,
    "lcrag/outcomes/baselines.py": PRICED,
    "lcrag/routers/learning/scoring.py": (
        "tests/routers/test_learned.py",
        "tests/routers/test_scoring.py",
        "tests/replay/test_examples.py",
    ),
    "lcrag/cost/price.py": ("tests/cost/test_price.py",),
    "lcrag/metrics/*.py": ("tests/metrics",),
}
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
    parser.add_argument("--only", nargs="*", default=[""], help="parts of paths, such as metrics")
    arguments = parser.parse_args()
    work: Path = arguments.work
    targets = [t for t in TARGETS if any(part in t for part in arguments.only)]
    if not targets:
        parser.error(f"--only must be a part of one of: {', '.join(TARGETS)}")
    copy_tree(work, targets)
    mutmut(work, "no.such.mutant")  # makes the changes and notes which test runs which function
    names = sorted(read_results(work))
    sample = random.Random(arguments.seed).sample(names, min(arguments.sample or len(names), len(names)))
    print(f"{len(sample)} of {len(names)} changes, seed {arguments.seed}", flush=True)
    mutmut(work, *sample)
    results = {name: code for name, code in read_results(work).items() if name in set(sample)}
    if all(code is None for code in results.values()):
        log = (work / "mutmut.log").read_text("utf-8", "replace")
        raise SystemExit(f"mutmut ran none of them; {work}/mutmut.log ends with:\n{log[-1500:]}")
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


def copy_tree(work: Path, targets: Sequence[str]) -> None:
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
        "only_mutate": targets,
        "pytest_add_cli_args": ["-m", "not slow", "-p", "no:cacheprovider"],
        "pytest_add_cli_args_test_selection": sorted({test for t in targets for test in TARGETS[t]}),
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
