"""The run folder's journal: one line for each finished outcome, appended before it counts as done."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from types import TracebackType
from typing import Any

from filelock import FileLock, Timeout

from lcrag.errors import LcragError, reason
from lcrag.schema import Ledger, Outcome, Step, Usage


class Journal:
    """Append-only outcomes of one output folder, locked against a second run.

    A line holds the row's content key, the outcome, the KV prefixes it paid for, what its calls have cost (shared
    builds counted in full) and, where a question's budget refused it, that budget. ``paid`` is the sum over all lines,
    those of rows that were tried again included. A last line that a crash tore is dropped. The lock ends with the
    process, also when the process is killed.

    Raises:
        LcragError: another run holds the folder, or the journal is damaged in the middle.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.path = folder / "outcomes.jsonl"
        self._lock = FileLock(str(folder / ".lock"))
        self.rows: dict[str, Outcome] = {}
        self.prefixes: dict[str, list[str]] = {}
        self.refused: dict[str, dict[str, float]] = {}
        self.paid = Usage()

    def __enter__(self) -> Journal:
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            self._lock.acquire(timeout=0)
        except Timeout as error:
            raise LcragError(
                f"Another run is writing to {self.folder}: wait for it or choose another output folder."
            ) from error
        except OSError as error:
            raise LcragError(f"The output folder {self.folder} cannot be used: {error.strerror}.") from error
        try:
            self._load()
        except BaseException:
            self._lock.release()
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._lock.release()

    def _load(self) -> None:
        if not self.path.exists():
            return
        data = self.path.read_bytes()
        end = data.rfind(b"\n") + 1
        if end < len(data):  # torn by a crash
            os.truncate(self.path, end)
        for number, line in enumerate(data[:end].splitlines(), start=1):
            try:
                entry = json.loads(line)
                self.rows[entry["key"]] = _outcome(entry["outcome"])
                self.prefixes[entry["key"]] = list(entry["prefixes"])
                self.refused[entry["key"]] = dict(entry.get("refused", {}))
                self.paid += _paid(entry, self.rows[entry["key"]])
            except (
                Exception
            ) as error:  # what a line that is not the journal's own makes of the classes of a row
                raise LcragError(
                    f"{self.path}:{number} is damaged ({reason(error)}): restore it or choose another output folder."
                ) from error

    def append(
        self,
        key: str,
        outcome: Outcome,
        prefixes: list[str],
        paid: Usage | None = None,
        refused: Mapping[str, float] | None = None,
    ) -> None:
        """Write one finished outcome, whole or not at all.

        Raises:
            LcragError: the disk is full; rows written before stay.
        """
        entry = {"key": key, "prefixes": prefixes, "outcome": asdict(outcome)}
        entry |= {"paid": asdict(paid)} if paid is not None else {}
        entry |= {"refused": dict(refused)} if refused else {}
        line = json.dumps(entry, default=_plain)
        data = line.encode("utf-8") + b"\n"
        descriptor = None
        size_before = self.path.stat().st_size if self.path.exists() else 0
        try:
            descriptor = os.open(self.path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o644)
            while data:
                data = data[os.write(descriptor, data) :]
        except OSError as error:
            if descriptor is not None:
                os.truncate(self.path, size_before)
            raise LcragError(
                f"{self.path} could not be written ({error.strerror}): make room and run again, "
                f"the {len(self.rows)} finished rows are kept."
            ) from error
        finally:
            if descriptor is not None:
                os.close(descriptor)
        self.rows[key], self.prefixes[key], self.refused[key] = outcome, prefixes, dict(refused or {})


def _plain(value: Any) -> Any:
    """Numbers of numpy and the like as Python's own."""
    if isinstance(value, Mapping):
        return dict(value)
    return value.item()


def _paid(entry: Mapping[str, Any], outcome: Outcome) -> Usage:
    """What a line's calls have cost; a line that does not say so has only the calls of its own row."""
    return Usage(**entry["paid"]) if "paid" in entry else outcome.usage["read"] + outcome.usage["route"]


def _outcome(row: dict[str, Any]) -> Outcome:
    ledger = Ledger.from_plain(row.pop("usage"))
    steps = tuple(Step(**step) for step in row.pop("steps"))
    return Outcome(**row, usage=ledger, steps=steps)
