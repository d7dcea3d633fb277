"""Judges' replies on disk: the same judge is not asked the same thing twice."""

from __future__ import annotations

import hashlib
import json
import os
from dataclasses import asdict, dataclass, field
from pathlib import Path

from lcrag.components.settings import settings
from lcrag.errors import LcragError, reason
from lcrag.files import append_line
from lcrag.readers.base import Completion, Reader, Request
from lcrag.runtime.calls import digest
from lcrag.schema import Usage


@dataclass
class Replies:
    """Replies by judge and request, one line each, written before they are used.

    A damaged line is left out: its request is made again.

    Attributes:
        path: The file; it is created with the first reply. ``None`` keeps replies in this process.
        known: The replies by their key.
        notices: Lines that cannot be read, in sentences that name file and line.
    """

    path: Path | None = None
    known: dict[str, Completion] = field(default_factory=dict)
    notices: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        if self.path is None:
            return
        try:
            data = self.path.read_bytes()
        except FileNotFoundError:
            return
        except OSError as error:
            raise LcragError(
                f"{self.path} cannot be read ({error.strerror}): make it readable, or remove it and pay for "
                "its replies again."
            ) from error
        whole = data.count(b"\n")
        for number, line in enumerate(data.split(b"\n"), start=1):
            try:
                if line:
                    entry = json.loads(line)
                    completion = dict(entry["completion"])
                    usage = Usage(**completion.pop("usage"))
                    self.known[str(entry["key"])] = Completion(**completion, usage=usage)
            except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
                if number <= whole:  # else a crash tore the last line
                    self.notices.append(
                        f"{self.path}:{number} is damaged ({reason(error)}): its judge is asked again."
                    )
        if data and not data.endswith(b"\n"):
            os.truncate(self.path, data.rfind(b"\n") + 1)

    def keep(self, key: str, completion: Completion) -> None:
        """Write a reply down.

        Raises:
            LcragError: the file cannot be written.
        """
        self.known[key] = completion
        if self.path is None:
            return
        try:
            append_line(self.path, json.dumps({"key": key, "completion": asdict(completion)}))
        except OSError as error:
            raise LcragError(
                f"{self.path} could not be written ({error.strerror}): make room and run again."
            ) from error


def reply_key(judge: Reader, request: Request) -> str:
    """Names a reply by everything that it depends on."""
    parts = json.dumps([settings(judge, identity=True), digest(request)], sort_keys=True, default=str)
    return hashlib.sha256(parts.encode()).hexdigest()[:32]
