"""``python tests/faults/many.py 10000``: so many documents, a question on each, asked from the command line.

A local server answers at once, so that time and memory are those of lcrag. Nothing fails: what is tried is the size.
"""

from __future__ import annotations

import argparse
import json
import resource
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).parents[2]
sys.path.insert(0, str(ROOT))

from tests.faults.run import QUICK, Run  # noqa: E402
from tests.faults.server import CountingServer  # noqa: E402


def write(folder: Path, documents: int) -> None:
    """A page on each of so many firms, and a question on each page."""
    questions = []
    for i in range(documents):
        text = f"Firm {i} sells kites. It was founded in {1000 + i}. " * 6
        (folder / "docs" / f"d{i}.md").write_text(text)
        question = {"id": f"q{i}", "question": f"When was firm {i} founded?", "answers": [str(1000 + i)]}
        questions.append(json.dumps({**question, "documents": f"d{i}.md"}) + "\n")
    (folder / "questions.jsonl").write_text("".join(questions))


def main() -> None:
    """Run, run again when everything is there, and print what both took."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("documents", type=int)
    parser.add_argument("--folder", type=Path, help="where the run is kept; a temporary folder without it")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as temporary, CountingServer() as server:
        run = Run(arguments.folder or Path(temporary), server.base_url, documents=0)
        write(run.folder, arguments.documents)
        for title in ("first run", "again"):
            before, started = resource.getrusage(resource.RUSAGE_CHILDREN), time.monotonic()
            done = run.finish(limit=7200)
            seconds = time.monotonic() - started
            after = resource.getrusage(resource.RUSAGE_CHILDREN)
            cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
            rows = len(run.table()) if done.returncode == 0 else 0
            report = run.folder / "out" / "report.html"
            size = report.stat().st_size / 2**20 if report.exists() else 0
            print(
                f"{title}: exit status {done.returncode}, {rows} of {len(QUICK) * arguments.documents} rows, "
                f"{server.arrived} calls so far, {seconds:.0f} s ({cpu:.0f} s of CPU), "
                f"peak {after.ru_maxrss / 1024:.0f} MiB (the larger one of both), report {size:.0f} MiB"
            )
            print(done.stdout[-4000:] + done.stderr[-2000:], flush=True)


if __name__ == "__main__":
    main()
