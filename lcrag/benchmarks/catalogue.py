"""All benchmarks by name."""

from __future__ import annotations

import pkgutil
from functools import cache
from importlib import import_module

import lcrag.benchmarks as room
from lcrag.benchmarks.base import Benchmark
from lcrag.components.catalogue import markdown
from lcrag.errors import LcragError, did_you_mean


@cache
def benchmarks() -> dict[str, Benchmark]:
    """The descriptions of all benchmarks, by name."""
    modules = (import_module(f"{room.__name__}.{m.name}") for m in pkgutil.iter_modules(room.__path__))
    described = [vars(module)["BENCHMARK"] for module in modules if "BENCHMARK" in vars(module)]
    return {b.name: b for b in sorted(described, key=lambda b: str(b.name))}


def table() -> str:
    """All benchmarks in Markdown, for the guide to data sets."""
    heads = ["name", "benchmark", "tasks", "scored by", "licence of the data", "tried on", "what to know"]
    rows = [
        [
            f"`{b.name}`",
            f"{b.title} ({b.paper})",
            str(len(b.tasks)),
            ", ".join(f"`{metric}`" for metric in sorted({t.metric for t in b.tasks.values()})),
            b.licence,
            b.status,
            b.note,
        ]
        for b in benchmarks().values()
    ]
    return markdown(heads, [[cell.replace("|", "\\|") for cell in row] for row in rows])


def benchmark_named(name: str) -> Benchmark:
    """One of them.

    Raises:
        LcragError: there is none of that name; the message names the most similar one.
    """
    if name not in benchmarks():
        raise LcragError(f"There is no benchmark {name!r}; {did_you_mean(name, benchmarks())}")
    return benchmarks()[name]
