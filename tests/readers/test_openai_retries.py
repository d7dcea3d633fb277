"""Failures that pass are waited out, as long as a deadline says; what only one question causes stops nothing else."""

from __future__ import annotations

import asyncio
import json
import logging
import re
import time
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import pandas as pd
import pytest

from lcrag.errors import LcragError, ReaderUnavailable
from lcrag.readers import Message, OpenAIReader, Request
from tests.readers.scripted_server import DRIPS, HANGS_UP, SILENT, Server, reply, serving

ASK = Request((Message("user", "Who wrote Emma?"),), max_tokens=16)
BUSY = {"error": {"message": "loading the model", "code": 503}}
HTML = (200, b"<html>Bad gateway</html>", {"Content_Type": "text/html"})
HALF = (200, b'{"id": "1", "choices": [{"ind', {})
ERROR_AS_ANSWER = (200, {"error": {"message": "upstream is gone", "code": 502}}, {})
NO_CHOICE = (200, {**reply(), "choices": ["Jane Austen.", None]}, {})


async def test_more_failures_than_anyone_counts(server: Server):
    for _ in range(12):
        server.then(503, "busy", retry_after="0.02")
    assert (await OpenAIReader("m", server.url).generate(ASK)).text == "Jane Austen."
    assert len(server.seen) == 13


async def test_the_deadline_ends_it(server: Server):
    server.rule = lambda body: (503, BUSY, {"Retry_After": "0.1"})
    started = time.monotonic()
    told = r"could not serve a request to m \((\d+) tries in ([\d.]+) seconds\): loading the model"
    with pytest.raises(LcragError, match=told) as caught:
        await OpenAIReader("m", server.url, retry_seconds=0.5).generate(ASK)
    took = time.monotonic() - started
    assert took < 10 and 2 <= len(server.seen) <= 7
    tries, seconds = re.search(told, str(caught.value)).groups()
    assert int(tries) == len(server.seen) and 0.1 <= float(seconds) <= took + 0.05  # it is rounded


@pytest.mark.slow
@pytest.mark.parametrize("as_date", [False, True])
async def test_the_server_says_how_long_to_wait(server: Server, as_date):
    later = format_datetime(datetime.now(UTC) + timedelta(seconds=3), usegmt=True)
    server.then(429, "slowly", retry_after=later if as_date else "2.2")
    started = time.monotonic()
    await OpenAIReader("m", server.url).generate(ASK)
    assert 1.7 < time.monotonic() - started < 20


async def test_longer_than_the_deadline_is_not_waited_for(server: Server):
    server.then(429, "come back tomorrow", retry_after="86400")
    started = time.monotonic()
    with pytest.raises(ReaderUnavailable, match="accepts no more requests for now: come back tomorrow"):
        await OpenAIReader("m", server.url).generate(ASK)
    assert time.monotonic() - started < 20


@pytest.mark.parametrize("bad", ["soon", "nan", "inf", "-5", "Mon, 99 Foo 2026"])
async def test_a_wait_that_makes_no_sense(server: Server, bad):
    server.then(503, "busy", retry_after=bad)
    assert (await OpenAIReader("m", server.url).generate(ASK)).text == "Jane Austen."


async def test_one_line_says_that_it_waits(server: Server, caplog):
    for _ in range(8):
        server.then(503, "loading the model", retry_after="1.1")
    reader = OpenAIReader("m", server.url)
    with caplog.at_level(logging.WARNING):
        await asyncio.gather(*(reader.generate(ASK) for _ in range(4)))
    told = [r.getMessage() for r in caplog.records if r.name.startswith("lcrag")]
    assert len(told) == 1
    assert told[0].startswith(f"Waiting for the server at {server.url}, up to 120 seconds")
    assert "loading the model" in told[0]


async def test_a_short_hiccup_is_not_worth_a_line(server: Server, caplog):
    server.then(503, "busy", retry_after="0.1")
    with caplog.at_level(logging.WARNING):
        await OpenAIReader("m", server.url).generate(ASK)
    assert [r for r in caplog.records if r.name.startswith("lcrag")] == []


@pytest.mark.parametrize("silence", [SILENT, DRIPS])
async def test_timeout_bounds_a_whole_try(server: Server, silence):
    server.then(silence)
    started = time.monotonic()
    with pytest.raises(LcragError, match=r"did not answer within 0\.4 seconds: raise the timeout") as caught:
        await OpenAIReader("m", server.url, timeout=0.4, retry_seconds=0).generate(ASK)
    assert time.monotonic() - started < 4.5  # it would go on for longer
    assert not isinstance(caught.value, ReaderUnavailable)  # the server answers other requests


@pytest.mark.parametrize("nonsense", [HTML, HALF, ERROR_AS_ANSWER, NO_CHOICE])
async def test_a_reply_that_is_none_is_tried_again(server: Server, nonsense):
    server.script += [nonsense, nonsense]
    assert (await OpenAIReader("m", server.url).generate(ASK)).text == "Jane Austen."


@pytest.mark.parametrize(
    ("nonsense", "words"),
    [
        (HTML, "is not a chat completion.*<html>Bad gateway"),
        (HALF, "is not a chat completion.*not JSON"),
        (ERROR_AS_ANSWER, "is not a chat completion.*upstream is gone"),
    ],
)
async def test_then_it_is_told_in_words(server: Server, nonsense, words):
    server.rule = lambda body: nonsense
    with pytest.raises(LcragError, match=words):
        await OpenAIReader("m", server.url, retry_seconds=0.3).generate(ASK)


async def test_a_list_of_models_that_is_none(server: Server):
    server.models = "nonsense"
    with pytest.raises(LcragError, match="list of models"):
        _ = OpenAIReader("m", server.url).context_window


async def test_a_server_that_was_never_there_is_told_at_once():
    started = time.monotonic()
    with pytest.raises(ReaderUnavailable) as caught:
        await OpenAIReader("m", "http://127.0.0.1:9/v1").generate(ASK)
    assert time.monotonic() - started < 20
    told = (
        "No server answers at http://127.0.0.1:9/v1 (tried once, since it has never worked): correct base_url"
    )
    assert str(caught.value).startswith(told)


async def test_a_server_that_was_never_in_time_is_told_at_once(server: Server):
    server.rule = lambda body: (SILENT, None, {})
    server.dead = True
    with pytest.raises(ReaderUnavailable) as caught:
        await OpenAIReader("m", server.url, timeout=0.4).generate(ASK)
    told = f"The server at {server.url} did not answer within 0.4 seconds (tried once, since it has never worked)"
    assert str(caught.value) == f"{told}: raise the timeout."


async def test_one_try_is_not_told_as_many(server: Server):
    server.then(503, "come back tomorrow", retry_after="86400")
    with pytest.raises(LcragError) as caught:
        await OpenAIReader("m", server.url).generate(ASK)
    assert (
        str(caught.value) == f"The server at {server.url} could not serve a request to m: come back tomorrow"
    )


async def test_a_server_that_was_there_is_waited_for():
    with serving() as state:
        port = int(state.url.split(":")[2].split("/")[0])
        reader = OpenAIReader("m", state.url, retry_seconds=20)
        await reader.generate(ASK)
    waiting = asyncio.create_task(reader.generate(ASK))
    await asyncio.sleep(0.5)
    assert not waiting.done()
    with serving(port):
        assert (await waiting).text == "Jane Austen."


async def test_but_not_for_good():
    with serving() as state:
        reader = OpenAIReader("m", state.url, retry_seconds=1.5)
        await reader.generate(ASK)
    with pytest.raises(ReaderUnavailable, match=r"No server answers at \S+ \(\d tries in [\d.]+ seconds\): "):
        await reader.generate(ASK)


async def test_while_nothing_succeeds_nobody_waits_again(server: Server):
    """A server that fails for longer than the deadline is not waited for by each question in turn."""
    server.rule = lambda body: (503, BUSY, {"Retry_After": "0.1"})
    reader = OpenAIReader("m", server.url, retry_seconds=3)
    started = time.monotonic()
    for _ in range(5):
        with pytest.raises(LcragError):
            await reader.generate(ASK)
    assert time.monotonic() - started < 12


def drops_the_auditor(body):
    return (HANGS_UP, None, {}) if "audits" in body["messages"][-1]["content"] else None


@pytest.mark.parametrize("at_once", [1, 16])
def test_a_question_whose_connection_always_drops(run, tmp_path, server: Server, at_once):
    server.rule = drops_the_auditor
    settings = f"retry_seconds: 1, max_concurrency: {at_once}"
    done = run(reader=settings)
    assert done.returncode == 1
    assert "2 of 6 answers failed" in done.stderr and "dropped" in done.stderr
    table = pd.read_parquet(tmp_path / "out" / "outcomes.parquet")
    assert (table["error"] != "").sum() == 2 and len(table) == 6
    before = len(server.seen)
    server.rule = lambda body: None
    assert run(reader=settings).returncode == 0
    assert len(server.seen) == before + 2


def test_a_server_that_is_gone_stops_the_run_and_keeps_its_rows(run, tmp_path, server: Server):
    def dies(body):
        if len(server.seen) > 3:
            server.models, server.dead = None, True
        return (HANGS_UP, None, {}) if server.dead else None

    server.rule = dies
    done = run(reader="retry_seconds: 1, max_concurrency: 1")
    assert done.returncode == 1 and "No server answers" in done.stderr
    rows = (tmp_path / "out" / "outcomes.jsonl").read_text().splitlines()
    assert len(rows) == 3 and not any(json.loads(r)["outcome"]["error"] for r in rows)


def test_the_command_line_says_that_it_waits(run, server: Server):
    server.script += [(503, BUSY, {"Retry_After": "2.5"})]
    done = run(reader="max_concurrency: 1")
    assert done.returncode == 0
    assert done.stderr.count("\n") == 1
    assert done.stderr.startswith(f"Waiting for the server at {server.url}, up to 120 seconds")


async def test_rate_limits_while_others_get_through(server: Server):
    late = Request((Message("user", "Late?"),), max_tokens=16)

    def rule(body):
        if body["messages"][0]["content"] == "Late?":
            return 429, {"error": {"message": "slowly", "code": 429}}, {"Retry_After": "0.1"}
        return 200, reply(), {}

    server.rule = rule
    reader = OpenAIReader("m", server.url, retry_seconds=1)

    async def others():
        while True:
            await reader.generate(ASK)
            await asyncio.sleep(0.1)

    busy = asyncio.create_task(others())
    with pytest.raises(LcragError) as caught:
        await reader.generate(late)
    busy.cancel()
    assert not isinstance(caught.value, ReaderUnavailable)
