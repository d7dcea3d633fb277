"""Files of questions as rows with their places: JSONL, CSV and parquet."""

from __future__ import annotations

import csv
import io
import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from lcrag.datasets.file_text import check_readable, read_text
from lcrag.errors import LcragError, reason

LISTS = ("documents", "answers", "choices", "evidence")
TRUTH = {"true": True, "false": False}
Rows = Iterator[tuple[str, dict[str, Any]]]


def read_rows(file: Path) -> list[tuple[str, dict[str, Any]]]:
    """Each row of a file of questions, with its place for messages; by the suffix CSV, parquet or else JSONL.

    Raises:
        LcragError: the file is missing, cannot be read or has no row; the message names the file and the line.
    """
    if not os.path.isfile(file):  # noqa: PTH113 - Path.is_file raises for some names
        raise LcragError(f"{file}: there is no such file of questions.")
    readers = {".csv": _csv_rows, ".tsv": _csv_rows, ".parquet": _parquet_rows}
    rows = list(readers.get(file.suffix.lower(), _json_rows)(file))
    if not rows:
        raise LcragError(
            f'{file}: there is no question in it yet; write one JSON object per line, such as {{"question": '
            f'"...", "answers": "..."}}, or let a model write them: lcrag questions DOCUMENTS --output {file}'
        )
    return rows


def _json_rows(file: Path) -> Rows:
    for number, line in enumerate(read_text(file).split("\n"), 1):
        if not line.strip() or line.lstrip().startswith("#"):
            continue
        where = f"{file}:{number}"
        try:
            row = json.loads(line)
        except json.JSONDecodeError as error:
            raise LcragError(
                f"{where}: the line is not JSON ({error.msg} at column {error.colno})."
            ) from error
        except (ValueError, RecursionError) as error:  # a number too long for Python, brackets too deep
            raise LcragError(f"{where}: the line is not JSON ({reason(error)}).") from error
        if not isinstance(row, dict):
            raise LcragError(f'{where}: a line must be an object such as {{"question": "..."}}.')
        yield where, row


def _csv_rows(file: Path) -> Rows:
    text = read_text(file)
    header = text.partition("\n")[0]
    reader = csv.DictReader(
        io.StringIO(text, newline=""), delimiter=max(",;\t", key=header.count), strict=True
    )
    try:
        for cells in reader:
            where = f"{file}:{reader.line_num}"
            if None in cells:
                raise LcragError(
                    f"{where}: the line has more cells than the header; put cells with commas in quotes."
                )
            yield where, {key: _cell(key, value) for key, value in cells.items()}
    except csv.Error as error:
        raise LcragError(f"{file}:{reader.reader.line_num}: the line is not CSV ({error}).") from error


def _cell(key: str, text: str | None) -> Any:
    """What a cell says: an empty one nothing; a JSON list where there may be several, an object as ``metadata``."""
    if text is None or not text.strip():
        return None
    if key == "answerable":
        return TRUTH.get(text.strip().lower(), text)
    if (key in LISTS and text.lstrip().startswith("[")) or key == "metadata":
        try:
            value = json.loads(text)
        except (ValueError, RecursionError):
            return text
        return value if isinstance(value, list | dict) else text
    return text


def _parquet_rows(file: Path) -> Rows:
    import pyarrow.parquet

    check_readable(file)
    try:
        rows = pyarrow.parquet.read_table(file).to_pylist()
    except Exception as error:  # broken files make it raise nearly anything
        raise LcragError(f"{file}: it cannot be read as parquet ({reason(error)}).") from error
    for number, row in enumerate(rows, 1):
        yield f"{file}: row {number}", plain_row(row)


def plain_row(row: dict[Any, Any]) -> dict[Any, Any]:
    """A row of a table with plain values: no arrays, dates as ISO 8601, ``None`` for what is missing."""
    return {key: _plain(value) for key, value in row.items()}


def _plain(value: Any) -> Any:
    if hasattr(value, "tolist"):  # an array or a number of NumPy
        value = value.tolist()
    if isinstance(value, list | tuple):
        return [_plain(item) for item in value]
    if isinstance(value, dict):
        return {key: v for key, item in value.items() if (v := _plain(item)) is not None}
    if hasattr(value, "isoformat"):
        text = value.isoformat()
        return None if text == "NaT" else text
    missing = value is None or value != value or type(value).__name__ == "NAType"  # NaN is not itself
    return None if missing else value
