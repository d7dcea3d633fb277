"""Writing a file whole or not at all."""

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
            raise LcragError(f"{path} is not a regular file: choose another name.")
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
