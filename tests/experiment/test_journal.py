import errno
import json
import os
from dataclasses import replace

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
        assert journal.content.rows == {"k1": ROW}
        assert journal.content.prefixes == {"k1": ["prefix"]}


def test_a_torn_last_line_is_dropped_and_the_rest_kept(tmp_path):
    with Journal(tmp_path) as journal:
        journal.append("k1", ROW, [])
        journal.append("k2", ROW, [])
    path = tmp_path / "outcomes.jsonl"
    path.write_bytes(path.read_bytes()[:-9])
    with Journal(tmp_path) as journal:
        assert set(journal.content.rows) == {"k1"}
        journal.append("k3", ROW, [])
    with Journal(tmp_path) as journal:
        assert set(journal.content.rows) == {"k1", "k3"}


def test_damage_in_the_middle_names_file_and_line(tmp_path):
    with Journal(tmp_path) as journal:
        journal.append("k1", ROW, [])
    path = tmp_path / "outcomes.jsonl"
    path.write_bytes(b"{broken\n" + path.read_bytes())
    with Journal(tmp_path) as journal:
        assert journal.content.rows == {"k1": ROW}
        (notice,) = journal.content.damaged
    assert f"{path}:1 is damaged" in notice and "its row is not taken over" in notice
    assert path.read_bytes().startswith(b"{broken\n")  # kept, should one want to restore it


@pytest.mark.parametrize("line", [b"[]", b"null", b"7", b"{}", b"\xff", b'{"key": "k2", "outcome": 3, "prefixes": []}',
                                  b'{"key": "k1", "outcome": {}, "prefixes": []}', b"[" * 100_000])  # fmt: skip
def test_any_damage_costs_its_line_only(tmp_path, line):
    with Journal(tmp_path) as journal:
        journal.append("k1", ROW, [])
        journal.append("k3", ROW, [])
    path = tmp_path / "outcomes.jsonl"
    first, last = path.read_bytes().splitlines(keepends=True)
    path.write_bytes(first + line + b"\n" + last)
    with Journal(tmp_path) as journal:
        assert journal.content.rows == {"k1": ROW, "k3": ROW}
        assert [":2 is damaged" in n for n in journal.content.damaged] == [True]


def test_a_journal_that_cannot_be_read_is_one_sentence(tmp_path):
    (tmp_path / "outcomes.jsonl").mkdir()
    with pytest.raises(
        LcragError, match=r"outcomes\.jsonl cannot be read \(Is a directory\): make it readable"
    ):
        Journal(tmp_path).__enter__()
    (tmp_path / "outcomes.jsonl").rmdir()
    with Journal(tmp_path):  # the lock was given back
        pass


def test_a_second_run_is_refused_and_the_first_goes_on(tmp_path):
    with Journal(tmp_path) as first:
        with pytest.raises(LcragError, match="Another run is writing"):
            Journal(tmp_path).__enter__()
        first.append("k1", ROW, [])
    with Journal(tmp_path) as journal:
        assert set(journal.content.rows) == {"k1"}


def test_a_full_disk_keeps_what_was_written(tmp_path, monkeypatch):
    with Journal(tmp_path) as journal:
        journal.append("k1", ROW, [])
        journal.append("k0", replace(ROW, error="it failed"), [])
        real, calls = os.write, []

        def fills_up(descriptor, data):
            calls.append(len(data))
            if len(calls) > 1:
                raise OSError(errno.ENOSPC, "No space left on device")
            return real(descriptor, data[:20])

        monkeypatch.setattr(os, "write", fills_up)
        with pytest.raises(LcragError, match=r"No space left on device.*1 finished row is kept"):
            journal.append("k2", ROW, [])
        monkeypatch.undo()
    with Journal(tmp_path) as journal:
        assert set(journal.content.rows) == {"k1", "k0"}


DAMAGED = [
    ("score", "high"),
    ("scores", ["f1"]),
    ("scores", {"f1": [1]}),
    ("error", 7),
    ("steps", [["read"]]),
    ("usage", {"entries": {"read": {"calls": "1"}}}),
]


@pytest.mark.parametrize(("name", "value"), DAMAGED)
def test_a_value_that_no_row_can_have_is_damage(tmp_path, name, value):
    with Journal(tmp_path) as journal:
        journal.append("k1", ROW, [])
    path = tmp_path / "outcomes.jsonl"
    entry = json.loads(path.read_bytes())
    entry["outcome"][name] = value
    path.write_text(json.dumps(entry) + "\n")
    with Journal(tmp_path) as journal:
        assert not journal.rows and f"{path}:1 is damaged" in journal.content.damaged[0]
