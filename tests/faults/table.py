"""``make faults``: every fault many times; the table goes into docs/reliability.md. Some minutes."""

from __future__ import annotations

import re
import signal
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).parents[2]
sys.path.insert(0, str(ROOT))

from tests.faults.run import QUICK  # noqa: E402
from tests.faults.scenarios import PROXY, Faults, Result  # noqa: E402

PAGE = ROOT / "docs" / "reliability.md"
MARKED = re.compile(r"(<!-- table: faults -->\n).*?(<!-- end of table -->)", re.DOTALL)
HEADER = (
    "| what happened | times | rows | failed at first | exit status and message at first | lost in the end "
    "| rows twice | calls paid twice | runs that differ |\n|---|---:|---:|---:|---|---:|---:|---:|---:|"
)


def line(result: Result) -> str:
    """A row of the table."""
    told = "; ".join(f"{said}" + (f" ({n} times)" if n > 1 else "") for said, n in result.told.most_common(3))
    told = told.replace("|", r"\|")
    cells = [result.fault, result.times, result.rows, result.failed, told, result.lost, result.twice]
    return "| " + " | ".join(map(str, [*cells, result.paid_twice, result.differing])) + " |"


def write(faults: Faults, rows: list[str]) -> None:
    """Put the rows so far into the page."""
    note = (
        f"A run is {len(faults.table)} rows of {len(faults.strategies)} strategies in "
        f"{sum(faults.answered.values())} calls, with a judge it has {len(QUICK)} strategies. "
        '"At first" is the disturbed run; "in the end" is after running '
        "again without the fault.\n"
    )
    page, table = PAGE.read_text("utf-8"), "\n".join(rows)
    PAGE.write_text(MARKED.sub(lambda m: f"{m[1]}{note}\n{table}\n{m[2]}", page), "utf-8")


def main() -> None:
    """Run all of them."""
    started, rows = time.monotonic(), [HEADER]
    with tempfile.TemporaryDirectory() as folder:
        faults = Faults(Path(folder))
        for make in (
            lambda: faults.kills(runs=5, kills=4, seed=0),
            lambda: faults.kills(runs=1, kills=3, seed=1, number=signal.SIGTERM),
            lambda: faults.restarted(1.0),
            lambda: faults.restarted(30.0),
            lambda: faults.refused(1.0),
            *(lambda fault=fault: faults.proxy(fault) for fault in PROXY),
            faults.small_disk,
            faults.second_writer,
            faults.damaged,
            lambda: Faults(Path(folder) / "judged", QUICK, judged=True).kills_while_judging(runs=5, kills=4),
        ):
            rows.append(line(make()))
            sys.stdout.write(rows[-1] + "\n")
            sys.stdout.flush()
            write(faults, rows)  # after each, should one be stopped
    sys.stdout.write(f"{time.monotonic() - started:.0f} s\n")


if __name__ == "__main__":
    main()
