"""Progress: questions done, tokens, time left; a bar on a terminal, else a line every few seconds."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import timedelta
from types import TracebackType

from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    ProgressColumn,
    Task,
    TextColumn,
    TimeElapsedColumn,
)
from rich.text import Text

from lcrag.judges.base import Verdict
from lcrag.schema import Outcome
from lcrag.tables import human

WIDE, MEDIUM = 110, 70  # characters: what has no room is left out before count and time left are
LINE_SECONDS = 5.0  # between two lines where there is no terminal: a log of a long run stays readable


class TimeLeft(ProgressColumn):
    """Time left at the mean pace so far: answers of different strategies take very different times."""

    def render(self, task: Task) -> Text:
        """``0:03:20``, or dashes before the first answer."""
        return Text(time_left(task))


def time_left(task: Task) -> str:
    """``0:03:20``, or dashes before the first answer."""
    if not task.completed or not task.total or not task.elapsed:
        return "-:--:--"
    left = task.elapsed * (task.total - task.completed) / task.completed
    return str(timedelta(seconds=round(left)))


class RunProgress:
    """Shows a run; hand ``on_row`` and ``on_verdict`` to ``Experiment.run``.

    Args:
        rows: How many answers the run has.
        console: Where it is shown; default: stderr.
        clock: Gives the time in seconds.
    """

    def __init__(
        self, rows: int, console: Console | None = None, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._console = console = console or Console(stderr=True)
        self._clock, self._last_line = clock, clock()
        self._name = 22 if console.width >= WIDE else 16 if console.width >= MEDIUM else 12
        columns: list[ProgressColumn] = [TextColumn("{task.description}"), BarColumn(bar_width=None)]
        if console.width >= MEDIUM:
            columns[1] = BarColumn(bar_width=24 if console.width >= WIDE else 14)
        columns.append(MofNCompleteColumn())
        if console.width >= WIDE:
            columns.append(TextColumn("{task.fields[tokens]}"))
        if console.width >= MEDIUM:
            columns.append(TimeElapsedColumn())
        self._bar = Progress(
            *columns, TextColumn("left"), TimeLeft(), console=console, disable=not console.is_terminal
        )
        self._task = self._bar.add_task(self._described("answers"), total=rows, tokens="")
        self._judging = self._bar.add_task(self._described("verdicts"), total=None, tokens="", visible=False)
        self._computed = self._cached = self._written = 0.0
        self.resumed = self.failed = 0

    def __enter__(self) -> RunProgress:
        self._bar.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def stop(self) -> None:
        """Take the bar away, so that something else can be printed."""
        self._bar.stop()

    def on_row(self, outcome: Outcome, resumed: bool) -> None:
        """Count one finished outcome."""
        total = outcome.usage["read"]
        self._computed += total.computed_tokens
        self._cached += total.cached_tokens
        self._written += total.completion_tokens
        self.failed += bool(outcome.error)
        if resumed:  # finished before: not part of the rate that the time left is estimated from
            self.resumed += 1
            task = self._bar.tasks[0]
            self._bar.update(self._task, total=(task.total or 1) - 1)
        else:
            self._bar.advance(self._task)
        tokens = (
            f"{human(self._computed)} prompt + {human(self._cached)} cached, {human(self._written)} written"
        )
        if self.failed:
            tokens += f", {self.failed} failed"
        self._bar.update(self._task, description=self._described(outcome.strategy), tokens=tokens)
        if not resumed:
            self._line()

    def _described(self, name: str) -> str:
        return (name if len(name) <= self._name else name[: self._name - 1] + "…").ljust(self._name)

    def on_verdict(self, verdict: Verdict, resumed: bool) -> None:
        """Count one verdict of a judge."""
        if not resumed:
            self._bar.update(self._judging, visible=True, advance=1)
            self._line()

    def _line(self) -> None:
        """Say where the run is, if there is no terminal and the last line is old enough."""
        if self._console.is_terminal or self._clock() - self._last_line < LINE_SECONDS:
            return
        self._last_line = self._clock()
        answers, verdicts = self._bar.tasks
        parts = [f"{answers.completed:.0f} of {answers.total or 0:.0f} answers", answers.fields["tokens"]]
        if verdicts.completed:
            parts.append(f"{verdicts.completed:.0f} verdicts")
        else:
            parts.append(f"{time_left(answers)} left")
        self._console.out(", ".join(parts), highlight=False)
