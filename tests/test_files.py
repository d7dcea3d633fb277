"""Writing files: whole or not at all, and never over something that is not a file."""

import os
import stat
import threading

import pytest

from lcrag.errors import LcragError
from lcrag.files import write_atomically


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
