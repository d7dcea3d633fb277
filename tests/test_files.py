"""Writing files: whole or not at all, and never over something that is not a file."""

import os
import stat
import threading

import pytest

from lcrag.errors import LcragError
from lcrag.files import append_entry, read_entries, write_atomically


def test_a_device_is_not_replaced(tmp_path):
    """A device node of our own where that is possible, so that a mistake does not break the machine."""
    device = tmp_path / "full"
    try:
        os.mknod(device, stat.S_IFCHR | 0o666, os.makedev(1, 7))
    except OSError:
        pytest.skip("device nodes cannot be made here")
    with pytest.raises(
        LcragError, match=r"full could not be written: it is not a regular file; choose another name\.$"
    ):
        write_atomically(device, "text")
    assert stat.S_ISCHR(device.stat().st_mode)


def test_pipes_and_folders_are_not_replaced(tmp_path):
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "folder").mkdir()
    (tmp_path / "link").symlink_to("pipe")
    for name in ("pipe", "folder", "link"):
        with pytest.raises(LcragError, match=f"{name} could not be written: it is not a regular file"):
            write_atomically(tmp_path / name, "text")
    assert (tmp_path / "link").is_symlink() and sorted(p.name for p in tmp_path.iterdir()) == [
        "folder", "link", "pipe",
    ]  # fmt: skip


def test_a_link_to_a_file_stays_and_its_file_is_written(tmp_path):
    (tmp_path / "there").mkdir()
    (tmp_path / "there" / "file").write_text("old")
    for name, target in (("link", "there/file"), ("dangling", "there/new")):
        (tmp_path / name).symlink_to(target)
        write_atomically(tmp_path / name, name)
        assert (tmp_path / name).is_symlink() and (tmp_path / target).read_text() == name
    (tmp_path / "circle").symlink_to("circle")
    with pytest.raises(LcragError, match="circle could not be written"):
        write_atomically(tmp_path / "circle", "text")


def test_a_name_that_no_file_can_have_is_one_sentence(tmp_path):
    for name in ("a\0b", "x" * 300):
        with pytest.raises(LcragError, match="could not be written"):
            write_atomically(tmp_path / name, "text")


def test_a_reader_never_sees_half_a_file(tmp_path):
    path, contents = tmp_path / "file", ["a" * 100_000, "b" * 100_000]
    write_atomically(path, contents[0])
    writer = threading.Thread(target=lambda: [write_atomically(path, contents[i % 2]) for i in range(50)])
    writer.start()
    while writer.is_alive():
        assert path.read_text() in contents


@pytest.mark.parametrize(
    ("end", "taken", "left"),
    [(b'{"n": 3}\n', [1, 3], b'{"n": 3}\n'), (b'{"n": 3}', [1, 3], b'{"n": 3}\n'), (b'{"n": ', [1], b"")],
    ids=["whole", "without its end", "torn"],
)
def test_a_damaged_line_of_a_journal_is_told_and_a_torn_one_is_removed(tmp_path, end, taken, left):
    path, numbers, start = tmp_path / "journal.jsonl", [], b'{"n": 1}\n{"m": 2}\n'
    path.write_bytes(start + end)
    notices = read_entries(path, lambda e: numbers.append(e["n"]), remedy="remove it", loss="it is lost")
    assert numbers == taken
    assert notices == [f"{path}:2 is damaged (KeyError: 'n'): it is lost."]
    assert path.read_bytes() == start + left
    append_entry(path, {"n": 4})
    assert path.read_bytes() == start + left + b'{"n": 4}\n'
