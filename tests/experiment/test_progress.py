"""The bar: what is done, tokens, and an honest guess of the time left."""

import io
import re

import pytest
from rich.console import Console

from lcrag.experiment.progress import RunProgress, TimeLeft
from lcrag.judges.base import Verdict
from lcrag.schema import Ledger, Outcome, Usage
from lcrag.tables import human


def row(strategy="long_context", error=""):
    usage = Usage(prompt_tokens=5000, cached_tokens=4000, completion_tokens=20)
    return Outcome("q", "d", "", strategy, "m", 0, usage=Ledger({"read": usage}), error=error)


def test_the_bar_counts_answers_tokens_and_failures():
    console = Console(file=io.StringIO(), force_terminal=True, width=160)
    with RunProgress(4, console) as progress:
        progress.on_row(row(), True)
        progress.on_row(row(), False)
        progress.on_row(row(error="It broke."), False)
    assert (progress.resumed, progress.failed) == (1, 1)
    shown = console.file.getvalue()
    assert "2/3" in shown  # the one that was there already is no part of the pace
    assert "3k prompt + 12k cached, 60 written, 1 failed" in shown


def test_time_left_is_the_mean_pace():
    class Task:
        completed, total, elapsed = 2, 12, 30.0

    assert str(TimeLeft().render(Task)) == "0:02:30"
    Task.completed = 0
    assert str(TimeLeft().render(Task)) == "-:--:--"


def test_human():
    assert [human(n) for n in (7, 1500, 2e6, 3e9)] == ["7", "1.5k", "2M", "3G"]


@pytest.mark.parametrize("width", [60, 80, 160])
def test_count_and_time_left_are_whole_on_a_terminal_of_any_width(width):
    console = Console(file=io.StringIO(), force_terminal=True, width=width)
    with RunProgress(1200, console) as progress:
        for _ in range(3):
            progress.on_row(row("a_strategy_with_a_very_long_name"), False)
    shown = [
        line
        for line in re.split(r"\r|\n", re.sub(r"\x1b\[[\d;?]*\w", "", console.file.getvalue()))
        if line.strip()
    ]
    assert "3/1200" in shown[-1] and re.search(r"left \d:\d\d:\d\d", shown[-1])
    assert all(len(line.rstrip()) <= width for line in shown)
    assert len({line[:8] for line in shown}) <= 2  # one line that changes, not several


def lines(progress_rows, clock, verdicts=0):
    console = Console(file=io.StringIO(), force_terminal=False, width=60)
    with RunProgress(8, console, clock=clock) as progress:
        for resumed in progress_rows:
            progress.on_row(row(), resumed)
        for _ in range(verdicts):
            progress.on_verdict(Verdict(1.0), False)
    return console.file.getvalue().splitlines()


def test_without_a_terminal_there_is_a_line_every_few_seconds():
    ticks = iter(range(0, 1000, 4))
    shown = lines([True, True] + [False] * 6, lambda: next(ticks))
    assert 2 <= len(shown) <= 4 and "\x1b" not in "".join(shown)
    assert shown[0].startswith("2 of 6 answers, 4k prompt + 16k cached, 80 written, 0:00:0")
    assert shown[0].endswith(" left")


def test_a_short_run_without_a_terminal_says_nothing():
    assert lines([False] * 8, lambda: 0.0) == []


def test_verdicts_are_told_without_a_terminal():
    ticks = iter(range(0, 1000, 11))
    assert lines([False] * 8, lambda: next(ticks), verdicts=2)[-1].endswith("160 written, 2 verdicts")
