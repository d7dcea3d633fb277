"""Judges' replies on disk: the same judge is not asked the same thing twice."""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from lcrag.components.settings import settings
from lcrag.files import append_entry, read_entries
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
        if self.path is not None:
            again = {"remedy": "remove it and pay for its replies again", "loss": "its judge is asked again"}
            self.notices += read_entries(self.path, self._take, **again)

    def _take(self, entry: dict[str, Any]) -> None:
        completion = dict(entry["completion"])
        usage = Usage(**completion.pop("usage"))
        self.known[str(entry["key"])] = Completion(**completion, usage=usage)

    def keep(self, key: str, completion: Completion) -> None:
        """Write a reply down.

        Raises:
            LcragError: the file cannot be written.
        """
        self.known[key] = completion
        if self.path is not None:
            append_entry(self.path, {"key": key, "completion": asdict(completion)})


def reply_key(judge: Reader, request: Request) -> str:
    """Names a reply by everything that it depends on."""
    parts = json.dumps([settings(judge, identity=True), digest(request)], sort_keys=True, default=str)
    return hashlib.sha256(parts.encode()).hexdigest()[:32]
