"""Writing a file, or a line of one, whole or not at all."""

from __future__ import annotations

import json
import os
import tempfile
from collections.abc import Callable, Mapping
from dataclasses import fields, is_dataclass
from functools import cache
from math import isfinite
from pathlib import Path
from typing import Any

from lcrag.errors import LcragError, reason


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


def plain(value: Any) -> Any:
    """For ``json.dumps(default=...)``: a dataclass's fields and mappings as dicts, numpy's numbers as Python's own.

    Unlike ``dataclasses.asdict`` it copies nothing that lies within.
    """
    if names := _names(value.__class__):
        return {name: getattr(value, name) for name in names}
    return dict(value) if isinstance(value, Mapping) else value.item()


def plain_or_text(value: Any) -> Any:
    """For ``json.dumps(default=...)``: a dataclass's fields as a dict, anything else as its text."""
    names = _names(value.__class__)
    return {name: getattr(value, name) for name in names} if names else str(value)


@cache
def _names(kind: Any) -> tuple[str, ...]:
    """The fields of a dataclass; none of any other class."""
    return tuple(f.name for f in fields(kind)) if is_dataclass(kind) else ()


def json_text(content: Any) -> str:
    """JSON that every reader takes: keys are texts, numbers of numpy Python's, and what is not known is ``null``."""
    return json.dumps(json_value(content), indent=1, ensure_ascii=False, allow_nan=False) + "\n"


def json_value(value: Any) -> Any:
    """A value as JSON has it: texts as keys, and ``None`` for a number that is not finite."""
    if isinstance(value, Mapping):
        return {str(k): json_value(v) for k, v in value.items()}
    if isinstance(value, list | tuple):
        return [json_value(v) for v in value]
    if is_dataclass(value):
        return {f.name: json_value(getattr(value, f.name)) for f in fields(value)}
    if isinstance(value, Path):
        return str(value)
    value = value.item() if hasattr(value, "item") else value
    return None if isinstance(value, float) and not isfinite(value) else value


def append_entry(path: Path, entry: Mapping[str, Any]) -> None:
    """Append a line of JSON to a journal, whole or not at all (``append_line``).

    Raises:
        LcragError: the disk is full or the file cannot be written.
    """
    try:
        append_line(path, json.dumps(entry, default=plain))
    except OSError as error:
        raise LcragError(
            f"{path} could not be written ({error.strerror}): make room and run again."
        ) from error


def read_entries(path: Path, take: Callable[[Any], None], *, remedy: str, loss: str) -> list[str]:
    """Hand the JSON of each line of a journal to ``take``; a line that it cannot use is left out.

    A last line that a crash tore is removed from the file; one that lacks nothing but its end is taken.

    Args:
        path: the journal; without one there are no entries.
        take: uses an entry, or raises what an entry of another shape makes of it.
        remedy: what else to do about a file that cannot be read, after "make it readable, or".
        loss: what a damaged line costs, after its place.

    Returns:
        The damaged lines, in sentences that name file and line.

    Raises:
        LcragError: the file cannot be read.
    """
    try:
        data = path.read_bytes()
    except FileNotFoundError:
        return []
    except OSError as error:
        raise LcragError(
            f"{path} cannot be read ({error.strerror}): make it readable, or {remedy}."
        ) from error
    *lines, last = data.split(b"\n")
    notices = []
    for number, line in enumerate(lines, start=1):
        if line and (damage := _taken(line, take)) is not None:
            notices.append(f"{path}:{number} is damaged ({reason(damage)}): {loss}.")
    if last and _taken(last, take) is not None:
        os.truncate(path, len(data) - len(last))
    elif last:
        append_line(path, "")
    return notices


def _taken(line: bytes, take: Callable[[Any], None]) -> Exception | None:
    """What kept ``take`` from using a line; ``None`` where it has used it."""
    try:
        take(json.loads(line))
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        return error
    return None
