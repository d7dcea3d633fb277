import errno
import os

import pytest

from lcrag.errors import LcragError
from lcrag.experiment.journal import Journal
from lcrag.schema import Ledger, Outcome, Step, Usage

ROW = Outcome(
    "q1", "d", "location", "long_context", "m", 0, answer="1987", score=1.0, scores={"f1": 1.0},
    notes={"facts": 2}, usage=Ledger({"read": Usage(10, 4, 2, 1, 0.5, None, 7)}), steps=(Step("read", "a", "b"),),
)  # fmt: skip


def test_a_row_comes_back_as_it_was(tmp_path):
    with Journal(tmp_path) as journal:
        journal.append("k1", ROW, ["prefix"])
    with Journal(tmp_path) as journal:
        assert journal.rows == {"k1": ROW}
        assert journal.prefixes == {"k1": ["prefix"]}


def test_a_torn_last_line_is_dropped_and_the_rest_kept(tmp_path):
    with Journal(tmp_path) as journal:
        journal.append("k1", ROW, [])
        journal.append("k2", ROW, [])
    path = tmp_path / "outcomes.jsonl"
    path.write_bytes(path.read_bytes()[:-9])
    with Journal(tmp_path) as journal:
        assert set(journal.rows) == {"k1"}
        journal.append("k3", ROW, [])
    with Journal(tmp_path) as journal:
        assert set(journal.rows) == {"k1", "k3"}


def test_damage_in_the_middle_names_file_and_line(tmp_path):
    with Journal(tmp_path) as journal:
        journal.append("k1", ROW, [])
    path = tmp_path / "outcomes.jsonl"
    path.write_bytes(b"{broken\n" + path.read_bytes())
    with pytest.raises(LcragError, match=r"outcomes\.jsonl:1 is damaged"):
        Journal(tmp_path).__enter__()


def test_a_second_run_is_refused_and_the_first_goes_on(tmp_path):
    with Journal(tmp_path) as first:
        with pytest.raises(LcragError, match="Another run is writing"):
            Journal(tmp_path).__enter__()
        first.append("k1", ROW, [])
    with Journal(tmp_path) as journal:
        assert set(journal.rows) == {"k1"}


def test_a_full_disk_keeps_what_was_written(tmp_path, monkeypatch):
    with Journal(tmp_path) as journal:
        journal.append("k1", ROW, [])
        real, calls = os.write, []

        def fills_up(descriptor, data):
            calls.append(len(data))
            if len(calls) > 1:
                raise OSError(errno.ENOSPC, "No space left on device")
            return real(descriptor, data[:20])

        monkeypatch.setattr(os, "write", fills_up)
        with pytest.raises(LcragError, match=r"No space left on device.*1 finished rows are kept"):
            journal.append("k2", ROW, [])
        monkeypatch.undo()
    with Journal(tmp_path) as journal:
        assert set(journal.rows) == {"k1"}
