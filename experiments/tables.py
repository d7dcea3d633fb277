"""Write the tables of components into README and guides anew: ``make tables``.

A table stands between ``<!-- table: NAME -->`` and ``<!-- end of table -->``.
"""

from __future__ import annotations

import re
import sys
from importlib import import_module
from pathlib import Path

from lcrag.benchmarks.catalogue import table
from lcrag.components import KINDS
from lcrag.components.catalogue import kv_caches, listed, metrics, strategies
from lcrag.metrics.score import METRICS

ROOT = Path(__file__).parents[1]
PAGES = (
    "README.md",
    "docs/strategies.md",
    "docs/routing.md",
    "docs/metrics.md",
    "docs/datasets.md",
    "docs/kv.md",
)
MARKED = re.compile(r"(<!-- table: ([\w ]+) -->\n).*?(<!-- end of table -->)", re.DOTALL)
TABLES = {
    "core strategies": lambda: strategies(core=True),
    "all strategies": strategies,
    "all metrics": lambda: metrics(METRICS),
    "all kv_caches": kv_caches,
    "benchmarks": table,
    "generators": lambda: listed("dataset", "lcrag.generators"),
    "coverage": lambda: import_module("experiments.benchmarks.share_read").table(),  # runs them all: seconds
} | {
    f"all {kind.plural}": lambda name=kind.name: listed(name)
    for kind in KINDS.values()
    if kind.name not in {"strategy", "metric", "kv_cache"}
}


def renewed(text: str) -> str:
    """A page with its tables as the code has them."""
    return MARKED.sub(lambda m: f"{m[1]}{TABLES[m[2]]()}\n{m[3]}", text)


if __name__ == "__main__":
    sys.path.insert(0, str(ROOT))
    for page in PAGES:
        path = ROOT / page
        path.write_text(renewed(path.read_text("utf-8")), "utf-8")
