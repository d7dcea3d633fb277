"""Writing a file whole or not at all."""

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
