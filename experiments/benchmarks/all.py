"""Run the benchmarks and write docs/benchmarks.md.

Finished parts are kept under runs/benchmarks; ``--fresh`` measures everything again.
"""

from __future__ import annotations

import os
import platform
import subprocess
import sys
from datetime import date
from pathlib import Path

HERE = Path(__file__).parent
ROOT = HERE.parents[1]
KEPT = ROOT / "runs" / "benchmarks"

PAGE = """# Benchmarks

Made by `make bench` on {machine}, {when}, with all-MiniLM-L6-v2 (22M parameters, 512 positions) in bfloat16.

## Retrieving long documents by one vector, or several

One of 100 documents is right (of 60 at 4,096 tokens); 50 queries a task, three draws at 1,024 tokens, one elsewhere.
`passkey`: LongEmbed's filler sentences (arXiv 2404.12096), shuffled in each document, with a key for a name. `needle`:
a fact of its own in real sentences, the same ones for all documents in an order of their own. `text`: 24 words quoted
from one of the windows of short stories (SQuALITY's; the language reference where they are not there). The standard
error of a cell is about 0.07, at 1,024 tokens 0.04. At 512 tokens extended positions are the model's own and have no
row. The extensions of rotary models are held to independent computations by tests and not measured here: no such
embedding model comes in a Python package.

{long_retrieval}

From 1,024 tokens on, where the needle may stand behind the window, every extension of the positions beats
truncation in mean Acc@1; chunks with max-sim beat every single vector, and BM25 beats everything: these tasks share
words with their answers. A comparison of embedding models without BM25 would mislead.

## LaRA's financial filings

Needs the published data of LaRA (arXiv 2502.09977). The gold region of a location question is one of n equal slices of
the filing.

{lara_financial}

## Speed

Medians of runs in turn within one process; above 1 lcrag is faster. Uniformly random vectors have no structure that
lists could follow: there, a recall of 0.96 costs a look at all of them.

{speed}
"""


def measured(name: str, fresh: bool) -> str:
    """A benchmark's table, measured now or kept from before."""
    file = KEPT / f"{name}.md"
    if fresh or not file.exists():
        done = subprocess.run(
            [sys.executable, str(HERE / f"{name}.py")], stdout=subprocess.PIPE, text=True, check=False
        )
        if done.returncode:
            return f"(not measured here: {name}.py ended with {done.returncode})"
        KEPT.mkdir(parents=True, exist_ok=True)
        file.write_text(done.stdout, "utf-8")
    return file.read_text("utf-8").strip()


def main() -> None:
    """Write the page."""
    fresh = "--fresh" in sys.argv
    parts = {name: measured(name, fresh) for name in ("long_retrieval", "lara_financial", "speed")}
    machine = f"{os.cpu_count()} CPU cores ({platform.machine()}), Python {platform.python_version()}"
    page = PAGE.format(machine=machine, when=date.today().isoformat(), **parts)
    (ROOT / "docs" / "benchmarks.md").write_text(page, "utf-8")


if __name__ == "__main__":
    main()
