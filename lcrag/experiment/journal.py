"""The run folder's journal: one line for each finished outcome, appended before it counts as done."""

from __future__ import annotations

import json
import os
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields
from pathlib import Path
from types import TracebackType
from typing import Any

from filelock import FileLock, Timeout

from lcrag.errors import LcragError, reason
from lcrag.files import append_line, plain
from lcrag.schema import Ledger, Outcome, Passage, Step, Usage

REPEATED = {"document_id", "kind", "strategy", "model", "finish_reason", "truncation"}
AMOUNTS = tuple(f.name for f in fields(Usage))


@dataclass
class Content:
    """What a journal holds.

    Attributes:
        rows: The last outcome of each row, by its key.
        prefixes: The KV prefixes that each row paid for, by the row's key; rows that paid for none are left out.
        refused: The budget that refused a row, by the row's key; rows that none refused are left out.
        windows: The reader's context window where a row was cut to it, by the row's key; other rows are left out.
        times: When each row was begun and finished, in seconds since 1970, by the row's key, where it is known.
        paid: The sum over all lines, those of rows that were tried again included.
        counted: Calls whose cost is in ``paid``.
        damaged: Lines that cannot be read, in sentences that name file and line.
        end: Bytes up to the end of the last whole line.
    """

    rows: dict[str, Outcome] = field(default_factory=dict)
    prefixes: dict[str, list[str]] = field(default_factory=dict)
    refused: dict[str, dict[str, float]] = field(default_factory=dict)
    windows: dict[str, int] = field(default_factory=dict)
    times: dict[str, tuple[float, ...]] = field(default_factory=dict)
    paid: Usage = field(default_factory=Usage)
    counted: set[str] = field(default_factory=set)
    damaged: list[str] = field(default_factory=list)
    end: int = 0

    def put(
        self,
        key: str,
        outcome: Outcome,
        prefixes: list[str],
        refused: dict[str, float],
        window: int,
        times: tuple[float, ...],
    ) -> None:
        """Take a row in place of an earlier one with its key."""
        self.rows[key] = outcome
        kept: tuple[tuple[dict[str, Any], Any], ...] = (
            (self.prefixes, prefixes),
            (self.refused, refused),
            (self.windows, window),
            (self.times, times),
        )
        for values, value in kept:
            if value:
                values[key] = value
            else:
                values.pop(key, None)

    @property
    def finished(self) -> int:
        """How many rows did not fail."""
        return sum(not row.error for row in self.rows.values())


def read_journal(path: Path) -> Content:
    """Everything in a journal; a last line that a crash tore is left out, and a damaged line costs its row only.

    Raises:
        LcragError: the file cannot be read.
    """
    content = Content()
    texts: dict[str, str] = {}
    try:
        with path.open("rb") as file:  # line by line: the file is larger than the rows that are made of it
            for number, line in enumerate(file, start=1):
                if line.endswith(b"\n"):
                    content.end += len(line)
                    _take(content, line, f"{path}:{number}", texts)
    except FileNotFoundError:
        return content
    except OSError as error:
        raise LcragError(
            f"The journal {path} cannot be read ({error.strerror}): make it readable or choose another output folder."
        ) from error
    return content


def _take(content: Content, line: bytes, place: str, texts: dict[str, str]) -> None:
    """Add a line's row, or tell that the line is damaged."""
    try:
        entry = json.loads(line)
        key, outcome = str(entry["key"]), _outcome(entry["outcome"], texts)
        prefixes, refused = list(entry["prefixes"]), dict(entry.get("refused", {}))
        paid, calls = content.paid + _paid(entry, outcome), set(entry.get("calls", ()))
        window, times = int(entry.get("window", 0)), tuple(map(float, entry.get("times", ())))
    except Exception as error:  # anything that a line of another shape makes of the classes of a row
        content.damaged.append(f"{place} is damaged ({reason(error)}): its row is not taken over.")
        return
    content.put(key, outcome, prefixes, refused, window, times)
    content.paid = paid
    content.counted |= calls  # in place: a copy for each line takes time in the square of the rows


class Journal:
    """Append-only outcomes of one output folder, locked against a second run.

    A line holds the row's content key, the outcome, the KV prefixes it paid for, what its calls have cost (shared
    builds counted in full), when it was begun and finished, where a question's budget refused it, that budget, and
    where the context was cut, the reader's context window. ``content`` is what it holds. A last line that a crash
    tore is removed. The lock ends with the process, also when the process is killed.

    Raises:
        LcragError: another run holds the folder, or the journal cannot be read.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.path = folder / "outcomes.jsonl"
        self._lock = FileLock(str(folder / ".lock"))
        self.content = Content()

    @property
    def rows(self) -> dict[str, Outcome]:
        """The last outcome of each row, by its key."""
        return self.content.rows

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
        self.content = read_journal(self.path)
        if self.path.exists() and self.content.end < self.path.stat().st_size:  # torn by a crash
            os.truncate(self.path, self.content.end)

    def append(
        self,
        key: str,
        outcome: Outcome,
        prefixes: list[str],
        paid: Usage | None = None,
        refused: Mapping[str, float] | None = None,
        calls: Sequence[str] = (),
        window: int = 0,
        begun: float = 0.0,
    ) -> None:
        """Write one finished outcome, whole or not at all.

        Args:
            key: the row's key.
            outcome: the row.
            prefixes: the KV prefixes that it paid for.
            paid: what its calls have cost, shared builds counted in full.
            refused: the question's budget that refused it.
            calls: the calls that ``paid`` counts, as the journal of calls names them.
            window: the reader's context window, if the row was cut to it.
            begun: when the row was begun, in seconds since 1970.

        Raises:
            LcragError: the disk is full; rows written before stay.
        """
        entry: dict[str, Any] = {"key": key, "prefixes": prefixes, "outcome": outcome}
        entry |= {"paid": paid} if paid is not None else {}
        entry |= {"refused": dict(refused)} if refused else {}
        entry |= {"calls": [*calls]} if calls else {}
        entry |= {"window": window} if window else {}
        times = (begun, time.time()) if begun else ()
        entry |= {"times": times} if begun else {}
        line = json.dumps(entry, default=plain)
        try:
            append_line(self.path, line)
        except OSError as error:
            finished = self.content.finished
            kept = "1 finished row is kept" if finished == 1 else f"{finished} finished rows are kept"
            raise LcragError(
                f"{self.path} could not be written ({error.strerror}): make room and run again, {kept}."
            ) from error
        self.content.put(key, outcome, prefixes, dict(refused or {}), window, times)


def _paid(entry: Mapping[str, Any], outcome: Outcome) -> Usage:
    """What a line's calls have cost; a line that does not say so has only the calls of its own row."""
    return Usage(**entry["paid"]) if "paid" in entry else outcome.usage["read"] + outcome.usage["route"]


def _outcome(row: dict[str, Any], texts: dict[str, str]) -> Outcome:
    """The outcome of a line; rows with the same names, or on the same passage, share these texts."""
    ledger = Ledger.from_plain(row.pop("usage"))
    steps = tuple(Step(**step) for step in row.pop("steps"))
    evidence = tuple(
        Passage(**{**passage, "text": texts.setdefault(passage["text"], passage["text"])})
        for passage in row.pop("evidence", ())
    )
    quotes = tuple(str(quote) for quote in row.pop("quotes", ()))
    for name in REPEATED & row.keys():
        row[name] = texts.setdefault(row[name], row[name])
    for name in ("scores", "notes"):
        row[name] = {texts.setdefault(key, key): value for key, value in row.get(name, {}).items()}
    outcome = Outcome(**row, usage=ledger, steps=steps, evidence=evidence, quotes=quotes)
    _check(outcome)
    return outcome


def _check(outcome: Outcome) -> None:
    """Refuse values that no row can have: a damaged line can still be JSON.

    Raises:
        TypeError: the line is damaged.
    """
    numbers = {"score": outcome.score, **outcome.scores, **outcome.notes}
    for role, usage in outcome.usage.entries.items():  # roles that spent nothing have no numbers to check
        numbers |= {f"{role}_{name}": getattr(usage, name) for name in AMOUNTS}
    for name, value in numbers.items():
        if value is not None and not isinstance(value, int | float):
            raise TypeError(f"{name} is not a number")
    for name in ("question_id", "document_id", "kind", "strategy", "model", "answer", "error", "prompt_hash"):
        if not isinstance(getattr(outcome, name), str):
            raise TypeError(f"{name} is not a text")
