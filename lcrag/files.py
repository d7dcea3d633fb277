"""Writing a file, or a line of one, whole or not at all."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

from lcrag.errors import LcragError


def write_atomically(path: Path, content: str | bytes) -> None:
    """Write beside the target and rename: a reader sees the old file or the new one, never half.

    Raises:
        LcragError: the disk is full or the folder cannot be written.
    """
    data = content.encode("utf-8") if isinstance(content, str) else content
    temporary = ""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        descriptor, temporary = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
        with os.fdopen(descriptor, "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        Path(temporary).chmod(0o644)
        Path(temporary).replace(path)
    except OSError as error:
        if temporary:
            Path(temporary).unlink(missing_ok=True)
        raise LcragError(
            f"{path} could not be written ({error.strerror}): make room or choose another folder."
        ) from error


def append_line(path: Path, line: str) -> None:
    """Append a line to a file that no one else writes to, whole or not at all; the file is made if there is none.

    The line is in the operating system's hands before this returns: it survives the death of the process, but not
    that of the machine.

    Raises:
        OSError: the disk is full or the file cannot be written; it is as it was.
    """
    data = line.encode("utf-8") + b"\n"
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o644)
    try:
        size_before = os.fstat(descriptor).st_size
        try:
            while data:
                data = data[os.write(descriptor, data) :]
        except BaseException:
            os.ftruncate(descriptor, size_before)
            raise
    finally:
        os.close(descriptor)
