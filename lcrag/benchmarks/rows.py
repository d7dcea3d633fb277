"""One record of a benchmark's file, whose values are checked as they are taken."""

from __future__ import annotations

import ast
import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from lcrag.errors import LcragError

MAX_KEYS = 12  # that a message lists


@dataclass(frozen=True)
class Row:
    """A record and its place; every method raises ``LcragError`` that names the place, the key and what was expected.

    Attributes:
        where: File and number of the record, such as ``hotpotqa.jsonl:3``.
        values: The record.
        path: The file that it is from; its name often names the task, and other files may lie beside it.
    """

    where: str
    values: Mapping[str, Any]
    path: Path = Path()

    @property
    def file(self) -> str:
        """The file's name without its suffixes."""
        return self.path.name.partition(".")[0]

    @property
    def number(self) -> str:
        """The record's number in its file, from 1."""
        return self.where.split()[-1].rpartition(":")[2]

    def __contains__(self, key: str) -> bool:
        return self.values.get(key) is not None

    def __getitem__(self, key: str) -> Any:
        if key not in self:
            keys = ", ".join(map(str, [*self.values][:MAX_KEYS]))
            raise LcragError(f"{self.where}: the key {key!r} is missing; there are: {keys or 'none'}.")
        return self.values[key]

    def text(self, key: str, default: str | None = None) -> str:
        """A text; a number counts as one. ``default`` is for a record without the key."""
        if default is not None and key not in self:
            return default
        value = self[key]
        if isinstance(value, bool) or not isinstance(value, str | int | float):
            raise self.wrong(key, "a text")
        return str(value)

    def texts(self, key: str) -> tuple[str, ...]:
        """A text, or a list of texts; empty for a record without the key."""
        value = self.values.get(key)
        values = [] if value is None else value if isinstance(value, list | tuple) else [value]
        for item in values:
            if isinstance(item, bool) or not isinstance(item, str | int | float):
                raise self.wrong(key, "a text or a list of texts")
        return tuple(map(str, values))

    def integer(self, key: str, default: int | None = None) -> int:
        """A whole number, or a text that is one."""
        if default is not None and key not in self:
            return default
        value = self[key]
        try:
            if isinstance(value, bool) or int(value) != float(value):
                raise self.wrong(key, "a whole number")
        except (TypeError, ValueError, OverflowError) as error:
            raise self.wrong(key, "a whole number") from error
        return int(value)

    def row(self, key: str) -> Row:
        """A record within this one."""
        return self._nested(self[key], f"{self.where}: {key}")

    def rows(self, key: str) -> list[Row]:
        """A list of records within this one."""
        value = self[key]
        if not isinstance(value, list | tuple):
            raise self.wrong(key, "a list of objects")
        return [self._nested(item, f"{self.where}: {key}[{i}]") for i, item in enumerate(value)]

    def literal(self, key: str) -> Row | list[Row]:
        """Records written as text, in JSON or as Python writes them; nothing in them is run."""
        text = self.text(key)
        try:
            value = json.loads(text)
        except (ValueError, RecursionError):
            try:
                value = ast.literal_eval(text)
            except (ValueError, SyntaxError, RecursionError, MemoryError) as error:
                raise self.wrong(key, "a list or an object written as text") from error
        where = f"{self.where}: {key}"
        if isinstance(value, list | tuple):
            return [self._nested(item, f"{where}[{i}]") for i, item in enumerate(value)]
        return self._nested(value, where)

    def wrong(self, key: str, expected: str) -> LcragError:
        """The error for a value that is something else."""
        shown = repr(self.values.get(key))
        shown = shown if len(shown) <= 60 else f"{shown[:57]}..."
        return LcragError(f"{self.where}: {key!r} must be {expected}, not {shown}.")

    def _nested(self, value: Any, where: str) -> Row:
        if not isinstance(value, Mapping):
            raise LcragError(f"{where} must be an object, not {type(value).__name__}.")
        return Row(where, value, self.path)
