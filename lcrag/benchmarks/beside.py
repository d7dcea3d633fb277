"""Texts that lie beside a benchmark's records."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path

from lcrag.errors import LcragError, reason


def text_beside(file: Path, where: str) -> str | None:
    """The text of a file, ``None`` if it is not there.

    Args:
        file: A text in UTF-8.
        where: The record that names it, for messages.

    Raises:
        LcragError: the file is not UTF-8 or cannot be read.
    """
    try:
        changed = file.stat().st_mtime_ns
        return _text(file, changed) if file.is_file() else None
    except (FileNotFoundError, NotADirectoryError):
        return None
    except UnicodeDecodeError as error:
        raise LcragError(f"{where}: {file} is not UTF-8 ({reason(error)}): save it as UTF-8.") from error
    except (OSError, ValueError) as error:  # ValueError: a name with a zero byte
        raise LcragError(f"{where}: {file} cannot be read ({reason(error)}).") from error


@lru_cache(maxsize=8)  # records on one text mostly stand together
def _text(file: Path, changed: int) -> str:
    return file.read_text("utf-8-sig")
