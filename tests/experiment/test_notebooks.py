"""In a notebook: a running event loop, tables as HTML, finished runs from their folders."""

import asyncio
import signal
import threading
from dataclasses import replace

import pandas as pd
import pytest

import lcrag
from lcrag.errors import LcragError
from lcrag.experiment import Results
from lcrag.experiment.forecast import forecast
from lcrag.local import run_local
from lcrag.readers import ScriptedReader
from lcrag.strategies import ClosedBook, LongContext


async def in_a_cell(work):
    """A notebook's cell: plain code while the kernel's event loop runs."""
    return work()


class Local(ScriptedReader):
    """Answers on the thread of the models, as the readers in this process do."""

    async def generate(self, request):
        await run_local(int)
        return await super().generate(request)


def test_a_run_in_a_cell_is_a_run(experiment, tmp_path):
    reader = Local(lambda request: "1987")
    cell = asyncio.run(in_a_cell(experiment(reader=reader, output=tmp_path / "cell").run))
    script = experiment(reader=replace(reader)).run()
    columns = ["question_id", "strategy", "answer", "score", "read_prompt_tokens", "read_cached_tokens"]
    pd.testing.assert_frame_equal(cell.table[columns], script.table[columns])
    assert cell.report.is_file() and asyncio.run(in_a_cell(lambda: forecast(experiment()))).lines


def test_a_failure_in_a_cell_is_raised_there(experiment):
    def broken(request):
        raise lcrag.errors.ReaderUnavailable("The server is down.")

    with pytest.raises(LcragError, match="The server is down"):
        asyncio.run(in_a_cell(experiment(reader=ScriptedReader(broken)).run))


def test_an_interrupt_in_a_cell_stops_the_run_and_keeps_what_is_answered(experiment):
    slow = ScriptedReader(lambda request: "1987", delay=0.2, max_concurrency=1)
    before = signal.signal(signal.SIGINT, signal.default_int_handler)  # as ipykernel has it in a cell
    timer = threading.Timer(0.7, signal.raise_signal, [signal.SIGINT])

    async def cell():
        signal.signal(signal.SIGINT, signal.default_int_handler)  # asyncio.run had set its own
        timer.start()
        try:
            experiment(reader=slow).run()
        except KeyboardInterrupt:
            return len(slow.requests)
        return -1

    try:
        answered = asyncio.run(cell())
    finally:
        signal.signal(signal.SIGINT, before)
    assert 0 < answered < 18
    again = experiment(reader=replace(slow)).run()  # the folder is free again
    assert len(again.outcomes) == 18 and len(again.experiment.reader.requests) <= 18 - answered + 1


def test_tables_are_html_and_escaped(experiment):
    results = experiment(strategies=[ClosedBook(), LongContext(name="<b>all</b>")], routers=[]).run()
    page = results._repr_html_()
    assert page == results.comparison._repr_html_()
    assert "<td>&lt;b&gt;all&lt;/b&gt; †</td>" in page and "<b>" not in page
    assert "6 questions on 2 documents" in page
    for note in results.comparison.footnotes():
        assert (
            note.replace("&", "&amp;")
            .replace("<", "&lt;")
            .replace(">", "&gt;")
            .replace('"', "&quot;")
            .replace("'", "&#x27;")
            in page
        )


def test_a_finished_run_is_loaded_from_its_folder(experiment, tmp_path):
    results = experiment().run()
    loaded = Results.load(str(tmp_path / "out"))
    assert str(loaded) == str(results) and loaded._repr_html_() == results._repr_html_()
    assert len(loaded.table) == 18 and loaded.comparison.best == results.comparison.best
    assert loaded.report == results.report and loaded.output == results.output
    with pytest.raises(LcragError, match="There are no outcomes"):
        Results.load(tmp_path / "nowhere")
