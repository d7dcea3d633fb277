"""What carries over: other benchmarks, other unanswerable questions, other genres: a block of docs/routing.md."""

from __future__ import annotations

from pathlib import Path

import routing_benchmarks
import routing_styles
import routing_unanswerable
from routing_data import write_block


def page() -> str:
    """The block `elsewhere`."""
    benchmarks, missing = routing_benchmarks.table_of()
    parts = {
        "benchmarks": benchmarks,
        "missing": missing,
        "alone": routing_unanswerable.questions_alone(),
        "answered": routing_unanswerable.with_answers(),
        "styles": routing_styles.unseen_genres(),
    }
    return Path(__file__).with_suffix(".md").read_text("utf-8").format(**parts)


if __name__ == "__main__":
    write_block("elsewhere", page)
