"""The bar: what is done, tokens, and an honest guess of the time left."""

import io

from rich.console import Console

from lcrag.experiment.progress import RunProgress, TimeLeft
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
