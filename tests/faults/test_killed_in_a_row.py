"""A run that is killed in the middle of rows and builds: no answered call is paid for twice."""

import json
from collections import Counter

import pandas as pd
import pytest

from tests.faults.run import BUILDS, CALLS, Run, lines
from tests.faults.server import CountingServer

pytestmark = pytest.mark.slow

COSTS = ["read_prompt_tokens", "read_calls", "build_prompt_tokens", "build_calls"]


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory):
    """What is answered, and the rows, where nothing happens."""
    with CountingServer() as server:
        run = Run(tmp_path_factory.mktemp("whole"), server.base_url, CALLS + BUILDS)
        done = run.finish()
        assert done.returncode == 0, done.stderr
        assert not run.calls.exists()  # everything is finished
        return server.answered, run.table()


def test_every_call_is_paid_once(undisturbed, tmp_path):
    """Killed while the server holds its answers, so that nothing is on its way when the process dies."""
    answered, rows = undisturbed
    with CountingServer() as server:
        run = Run(
            tmp_path, server.base_url, CALLS + BUILDS, extra={"budget": {"experiment": {"tokens": 10**7}}}
        )
        for calls in (7, 15, 18):
            server.gate = server.arrived + calls
            process = run.start()
            run.wait_for(process, lambda: server.arrived > server.gate)
            run.wait_for(process, lambda: recorded(run) >= sum(server.answered.values()))
            run.stop(process)
        server.gate = None
        done = run.finish()
        assert done.returncode == 0, done.stderr
        assert server.answered == answered
    assert recorded(run) == sum(answered.values())  # a budget counts every call once
    table = run.table()
    same = ["question_id", "strategy", "answer", "score", "prompt_hash", *COSTS]
    pd.testing.assert_frame_equal(table[same], rows[same])


def recorded(run):
    """How many calls the two journals tell of, each once."""
    rows = [json.loads(x) for x in run.journal.read_bytes().splitlines()] if run.journal.exists() else []
    calls = (
        [
            json.loads(x)
            for x in run.calls.read_bytes().splitlines()
            if x.endswith(b"}") and b"forget" not in x
        ]
        if run.calls.exists()
        else []
    )
    return len({i for r in rows for i in r["calls"]} | {c["id"] for c in calls})


@pytest.mark.slow
def test_the_budget_counts_calls_of_a_killed_row_once(tmp_path):
    with CountingServer() as server:
        run = Run(tmp_path, server.base_url, CALLS[:1], documents=1)
        assert run.finish().returncode == 0
        needed = int(sum(json.loads(x)["paid"]["prompt_tokens"] + json.loads(x)["paid"]["completion_tokens"]
                         for x in run.journal.read_bytes().splitlines()))  # fmt: skip
        prompts = Counter(server.answered)
        for path in (run.journal, run.folder / "out" / "outcomes.parquet"):
            path.unlink()
        cap = needed + 200  # the room that the last call may take
        run = Run(
            tmp_path,
            server.base_url,
            CALLS[:1],
            documents=1,
            extra={"budget": {"experiment": {"tokens": cap}}},
        )
        server.gate = server.arrived + 5
        process = run.start()
        run.wait_for(process, lambda: server.arrived > server.gate and lines(run.calls) >= 5)
        run.stop(process)
        server.gate = None
        done = run.finish()
        assert done.returncode == 0, done.stderr
        assert server.answered == prompts + prompts
