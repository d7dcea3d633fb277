"""The journal of verdicts: one line for each answer that a metric has judged, appended before it counts."""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from lcrag.components.settings import settings
from lcrag.files import append_entry, read_entries
from lcrag.judges.base import JudgedMetric, Verdict
from lcrag.readers.base import Reader
from lcrag.schema import Outcome, Question, Usage


@dataclass(frozen=True)
class Entry:
    """A metric's verdict on a strategy's answer to a question, what it cost, and the replies that the cost counts."""

    metric: str
    question_id: str
    strategy: str
    verdict: Verdict
    usage: Usage = field(default_factory=Usage)
    calls: tuple[str, ...] = ()


@dataclass
class Verdicts:
    """Verdicts by key, in a file of the run's folder.

    A last line that a crash tore is removed; a damaged line costs its verdict only, and its replies are not asked for
    again.

    Attributes:
        path: The file; ``None`` keeps verdicts in this process.
        known: The entries by their key.
        notices: Lines that cannot be read, in sentences that name file and line.
    """

    path: Path | None = None
    known: dict[str, Entry] = field(default_factory=dict)
    notices: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        if self.path is not None:
            self.notices += read_entries(
                self.path, self._take, remedy="remove it", loss="its answer is judged again"
            )

    def _take(self, line: dict[str, Any]) -> None:
        verdict = Verdict(**line["verdict"])
        if verdict.score is not None and not isinstance(verdict.score, int | float):
            raise TypeError("score is not a number")
        names = {name: str(line[name]) for name in ("metric", "question_id", "strategy")}
        usage, calls = Usage(**line["usage"]), tuple(line["calls"])
        self.known[str(line["key"])] = Entry(**names, verdict=verdict, usage=usage, calls=calls)

    @property
    def booked(self) -> set[str]:
        """The replies whose cost an entry counts."""
        return {call for entry in self.known.values() for call in entry.calls}

    def keep(self, key: str, entry: Entry) -> None:
        """Write a verdict down.

        Raises:
            LcragError: the file cannot be written.
        """
        self.known[key] = entry
        if self.path is not None:
            append_entry(self.path, {"key": key, **asdict(entry)})


def verdict_key(metric: JudgedMetric, reader: Reader | None, question: Question, row: Outcome) -> str:
    """Names a verdict by everything that it depends on; ``reader`` is the judge where the metric names none."""
    answer = [row.strategy, row.answer, row.declined, [p.text for p in row.evidence], row.quotes]
    judges = [settings(metric, identity=True), settings(reader, identity=True)]
    parts = json.dumps([*judges, question.asked(), answer], sort_keys=True, default=str)
    return hashlib.sha256(parts.encode()).hexdigest()[:32]
