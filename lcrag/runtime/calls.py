"""The journal of calls: what a killed run has paid for in the middle of a row is not asked again."""

from __future__ import annotations

import hashlib
import json
import uuid
from collections.abc import Collection, Iterable
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from lcrag.errors import LcragError
from lcrag.files import append_entry, plain, read_entries, write_atomically
from lcrag.readers.base import Completion, Request
from lcrag.schema import Usage


@dataclass(frozen=True)
class Call:
    """A call that was answered.

    Attributes:
        id: Names it in the whole run folder.
        scope: The row or the build that it was made for.
        request: A hash of the request.
        completion: What the reader answered.
        rewarmed: Whether it computed a prefix again only because the run had been interrupted.
    """

    id: str
    scope: str
    request: str
    completion: Completion
    rewarmed: bool = False

    @property
    def replayed(self) -> Completion:
        """The completion as it is given again: the prefix is not in memory any more, and is paid for already."""
        usage = self.completion.usage
        if self.rewarmed:
            usage = usage.with_cached(self.completion.prefix_tokens)
        return replace(self.completion, usage=usage, prefix_key="", prefix_tokens=0)


@dataclass
class CallJournal:
    """Answered calls of the rows and builds that are not finished, one line each, written before they are used.

    A restart gives an answered call again to the same row (or to a build) when it makes the same request; each line is
    given once, so that requests that are made twice are answered twice. A damaged line is left out: its call is
    made again.

    Attributes:
        path: The file; it is created with the first call.
        finished: Scopes that are done; their calls are left out and removed from the file.
        counted: Calls whose cost the rows of the journal tell already.
        pending: Calls of earlier processes that have not been given yet.
        notices: Lines that cannot be read, in sentences that name file and line.
    """

    path: Path
    finished: Collection[str] = ()
    counted: Collection[str] = ()
    pending: dict[tuple[str, str], list[Call]] = field(default_factory=dict)
    notices: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._process, self._count = uuid.uuid4().hex[:8], 0
        calls: dict[str, Call] = {}

        def take(entry: dict[str, Any]) -> None:
            if "forget" in entry:
                for id in entry["forget"]:
                    calls.pop(id, None)
            else:
                call = _call(entry)
                calls[call.id] = call

        again = {"remedy": "remove it and pay for its calls again", "loss": "its call is made again"}
        self.notices += read_entries(self.path, take, **again)
        kept = [call for call in calls.values() if call.scope not in self.finished]
        if len(kept) < len(calls):
            write_atomically(self.path, "".join(f"{_line(call)}\n" for call in kept))
        for call in kept:
            self.pending.setdefault((call.scope, call.request), []).append(call)

    @property
    def calls(self) -> list[Call]:
        """The pending calls."""
        return [call for calls in self.pending.values() for call in calls]

    def take(self, scope: str, request: Request) -> Call | None:
        """The answer that an earlier process paid for, once; ``None`` where there is none."""
        if not self.pending:  # a long prompt is not hashed for nothing
            return None
        calls = self.pending.get((scope, digest(request)))
        return calls.pop(0) if calls else None

    def record(self, scope: str, request: Request, completion: Completion, rewarmed: bool = False) -> str:
        """Write down an answered call, and return its id.

        Raises:
            LcragError: the file cannot be written.
        """
        self._count += 1
        call = Call(f"{self._process}-{self._count}", scope, digest(request), completion, rewarmed)
        append_entry(self.path, plain(call))
        return call.id

    def forget(self, ids: Iterable[str]) -> None:
        """Leave out calls whose answers were no good to their row, so that a restart makes them again.

        Raises:
            LcragError: the file cannot be written.
        """
        if ids := [*ids]:
            append_entry(self.path, {"forget": ids})

    def settle(self) -> None:
        """Everything is finished: keep only the calls whose cost no row tells, for budgets; mostly there are none.

        Such are the calls of something that was built and stored just before the run was killed.
        """
        kept = [call for call in self.calls if call.id not in self.counted]
        try:
            if kept:
                write_atomically(self.path, "".join(f"{_line(call)}\n" for call in kept))
            else:
                self.path.unlink(missing_ok=True)
        except OSError as error:
            raise LcragError(f"{self.path} could not be removed ({error.strerror}): remove it.") from error


def digest(request: Request) -> str:
    """A hash of everything that an answer depends on; the salt keeps prefixes apart and changes no answer."""
    content = json.dumps(replace(request, cache_salt=""), sort_keys=True, default=plain)
    return hashlib.sha256(content.encode()).hexdigest()[:32]


def _line(call: Call) -> str:
    return json.dumps(call, default=plain)


def _call(entry: dict[str, Any]) -> Call:
    completion = entry["completion"]
    usage = Usage(**completion.pop("usage"))
    known = Completion(**completion, usage=usage)
    return Call(entry["id"], entry["scope"], entry["request"], known, bool(entry["rewarmed"]))
