"""Ctrl-C and SIGTERM end a run with its table so far, a sentence and their own status."""

import json
import signal

import pytest

from tests.faults.run import Run, lines
from tests.faults.server import CountingServer
from tests.progress import told


def in_foreground():
    """Ctrl-C arrives, whatever runs the tests."""
    signal.signal(signal.SIGINT, signal.default_int_handler)


def in_background():
    """What a shell script does to the jobs that it puts into the background."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)


@pytest.mark.parametrize(
    ("number", "status", "before"),
    [
        (signal.SIGINT, 130, in_foreground),
        (signal.SIGTERM, 143, in_foreground),
        (signal.SIGTERM, 143, in_background),
    ],
)
def test_a_stopped_run_prints_its_table_so_far(tmp_path, number, status, before):
    with CountingServer(gate=7) as server:
        run = Run(tmp_path, server.base_url)
        process = run.start(preexec_fn=before)
        run.wait_for(process, lambda: server.arrived > 7 and lines(run.journal) == 7)
        code, out, err = run.stop(process, number)
        assert code == status
        assert told(err) == "lcrag: stopped; run the same command again to continue.\n"
        assert "The run was stopped: 7 of 12 answers are finished." in " ".join(out.split())
        assert "closed_book" in out and "4/4" in out
        kept = run.journal.read_bytes()
        assert len([json.loads(line) for line in kept.splitlines()]) == 7
        if number == signal.SIGTERM:
            return
        server.gate = None
        done = run.finish()
        assert done.returncode == 0 and told(done.stderr) == "" and run.journal.read_bytes().startswith(kept)
        assert max(server.answered.values()) == 1


def test_stopped_before_the_first_answer(tmp_path):
    with CountingServer(gate=0) as server:
        run = Run(tmp_path, server.base_url)
        process = run.start(preexec_fn=in_foreground)
        run.wait_for(process, lambda: server.arrived)
        code, out, err = run.stop(process, signal.SIGINT)
    assert (code, told(err)) == (130, "lcrag: stopped; run the same command again to continue.\n")
    assert len(out.splitlines()) == 1
