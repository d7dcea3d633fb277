"""How far an experiment is, as metrics whose steps are answers."""

from __future__ import annotations

import threading
from dataclasses import dataclass
from typing import TYPE_CHECKING

from lcrag.experiment.tracking.runs import PARENT

if TYPE_CHECKING:
    from lcrag.experiment.tracking.batches import Point
    from lcrag.schema import Outcome


@dataclass
class _Sums:
    answers: int = 0
    failed: int = 0
    scored: int = 0
    score: float = 0.0
    tokens: float = 0.0
    logged: int = 0

    def points(self) -> list[Point]:
        values = {"answers": self.answers, "failed": self.failed, "prompt_tokens": self.tokens}
        values |= {"accuracy": self.score / self.scored} if self.scored else {}
        return [(f"progress/{name}", float(value), self.answers) for name, value in values.items()]


class Progress:
    """Counts rows of each strategy and of all together; safe in several threads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._sums: dict[str, _Sums] = {PARENT: _Sums()}

    def add(self, outcome: Outcome) -> None:
        """Count a finished row."""
        with self._lock:
            for sums in (self._sums[PARENT], self._sums.setdefault(outcome.strategy, _Sums())):
                sums.answers += 1
                sums.failed += bool(outcome.error)
                sums.scored += outcome.score is not None
                sums.score += outcome.score or 0.0
                sums.tokens += outcome.usage["read"].prompt_tokens

    def news(self) -> dict[str, list[Point]]:
        """The metrics of those whose rows have become more since the last call, all rows' first."""
        with self._lock:
            news = {key: sums.points() for key, sums in self._sums.items() if sums.answers > sums.logged}
            for sums in self._sums.values():
                sums.logged = sums.answers
            return news
