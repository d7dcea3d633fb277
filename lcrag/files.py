"""Writing a file, or a line of one, whole or not at all."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

from lcrag.errors import LcragError


def write_atomically(path: Path, content: str | bytes) -> None:
    """Write beside the target and rename: a reader sees the old file or the new one, never half.

    A symbolic link stays, and the file that it names is written.

    Raises:
        LcragError: the disk is full, the folder cannot be written, or there is a device, a pipe or a folder.
    """
    data = content.encode("utf-8") if isinstance(content, str) else content
    temporary = ""
    try:
        target = path.resolve() if path.is_symlink() else path
        if path.exists() and not path.is_file():
            raise LcragError(f"{path} could not be written: it is not a regular file; choose another name.")
        target.parent.mkdir(parents=True, exist_ok=True)
        descriptor, temporary = tempfile.mkstemp(dir=target.parent, prefix=f".{target.name}.")
        with os.fdopen(descriptor, "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        Path(temporary).chmod(0o644)
        Path(temporary).replace(target)
    except (OSError, ValueError, RuntimeError) as error:  # a name with a null byte; links in a circle
        if temporary:
            Path(temporary).unlink(missing_ok=True)
        why = getattr(error, "strerror", None) or error
        raise LcragError(
            f"{path} could not be written ({why}): make room or choose another folder."
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
