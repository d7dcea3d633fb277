"""How much of a run is the model's own work: tokens computed, wall time, and what lcrag adds (`make performance`).

    python experiments/benchmarks/throughput.py                       # everything, docs/performance.md is written
    python experiments/benchmarks/throughput.py --small --only server # tries the script: nothing is written

Needs vLLM's environment for the server. Parts: server, process, overhead, langchain, long.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path

ROOT = Path(__file__).parents[2]
sys.path[:0] = [str(ROOT), str(ROOT / "experiments" / "benchmarks")]
PAGE = ROOT / "docs" / "performance.md"


def table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """A Markdown table whose first column is text and the others are numbers."""
    lines = [head, ["---", *["---:"] * (len(head) - 1)], *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def parts() -> dict[str, Callable[[bool], str]]:
    """What is measured, by name: each gives the Markdown of its part of the page."""
    import throughput_model
    import throughput_rows

    return {
        "server": throughput_model.server,
        "process": throughput_model.process,
        "overhead": throughput_rows.overhead,
        "langchain": throughput_rows.langchain,
        "long": throughput_rows.long,
    }


def main() -> None:
    """Measure, print, and write the page."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--small", action="store_true", help="a few questions; the page is left as it is")
    parser.add_argument("--only", nargs="+", default=(), help="parts to measure")
    given = parser.parse_args()
    for name, measure in parts().items():
        if given.only and name not in given.only:
            continue
        started = time.perf_counter()
        text = measure(given.small)
        text += f"\n\nMeasured in {time.perf_counter() - started:,.0f} seconds."
        sys.stdout.write(f"\n{name}\n\n{text}\n")
        sys.stdout.flush()
        if not given.small:
            from page import put

            put(PAGE, name, text)


if __name__ == "__main__":
    main()
