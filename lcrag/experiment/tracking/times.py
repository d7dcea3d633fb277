"""When each strategy was at work, as the journal has it."""

from __future__ import annotations

import time
from pathlib import Path
from typing import TYPE_CHECKING

from lcrag.experiment.journal import read_journal

if TYPE_CHECKING:
    import pandas as pd


def answering_times(journal: Path, outcomes: pd.DataFrame) -> dict[str, tuple[int, int]]:
    """When each strategy's first answer was begun and its last one finished, in milliseconds since 1970.

    Where the journal does not say, as with imported outcomes, it is as if the strategy had just ended and had
    answered one question after the other.

    Args:
        journal: ``outcomes.jsonl``; it may be missing.
        outcomes: The table of outcomes; what else the journal holds does not count.
    """
    content = read_journal(journal)
    cells = {*zip(outcomes["question_id"], outcomes["strategy"], strict=True)}
    latest = {
        (row.question_id, row.strategy): content.times[key]
        for key, row in content.rows.items()
        if (row.question_id, row.strategy) in cells and key in content.times
    }
    times = {}
    for strategy, rows in outcomes.groupby("strategy", sort=False):
        spans = [span for (_, name), span in latest.items() if name == strategy]
        if not spans:
            now = time.time()
            seconds = rows["read_seconds"].fillna(0).sum() if "read_seconds" in rows else 0.0
            spans = [(now - float(seconds), now)]
        times[str(strategy)] = int(1000 * min(s[0] for s in spans)), int(1000 * max(s[1] for s in spans))
    return times
