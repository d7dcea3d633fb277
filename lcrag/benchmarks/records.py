"""The records of a benchmark's files, one after the other: JSONL, JSON, CSV, TSV, parquet and Arrow, also gzipped."""

from __future__ import annotations

import csv
import gzip
import json
import os
import re
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, TextIO

from lcrag.benchmarks.rows import Row
from lcrag.errors import LcragError, reason

_LIST = re.compile(r"\s*\[\s*(?:\{|$)")
BATCH = 64  # rows of parquet in memory at a time


def files_of(path: Path, patterns: Sequence[str], title: str) -> list[Path]:
    """The files of a benchmark in order of their names.

    Args:
        path: A folder, or one file, which is then taken whatever its name.
        patterns: Names with ``*`` relative to the folder.
        title: The benchmark's name for messages.

    Raises:
        LcragError: there is no such folder or file, or none of the files in it.
    """
    if os.path.isfile(path):  # noqa: PTH113 - Path.is_file raises for some names
        return [path]
    if not os.path.isdir(path):  # noqa: PTH112
        raise LcragError(f"{path}: there is no such file or folder; give where {title} lies on this disk.")
    files = sorted({f for pattern in patterns for f in path.glob(pattern) if f.is_file()})
    if not files:
        raise LcragError(f"{path} holds no file of {title}: {' or '.join(patterns)} is expected.")
    return files


def stamp(file: Path) -> tuple[int, int]:
    """What changes with the content of a file beside the records, as a key of caches; zeros where it is missing."""
    try:
        status = file.stat()
    except OSError:
        return 0, 0
    return status.st_mtime_ns, status.st_size


def rows_of(file: Path) -> Iterator[Row]:
    """The records of a file; only one batch of them is in memory at a time, but for JSON.

    A JSON file is a list of records, or one record; a JSONL file may hold such a list, too. Byte order marks and CRLF
    are read over.

    Raises:
        LcragError: the file cannot be read, or a line of it is no record.
    """
    readers = {".json": _json, ".csv": _csv, ".tsv": _csv, ".parquet": _parquet, ".arrow": _arrow}
    suffix = Path(file.name.lower().removesuffix(".gz")).suffix
    try:
        yield from readers.get(suffix, _jsonl)(file)
    except UnicodeDecodeError as error:
        raise LcragError(f"{file} is not UTF-8 ({reason(error)}): save it as UTF-8.") from error
    except (OSError, EOFError) as error:
        raise LcragError(f"{file} cannot be read ({reason(error)}).") from error


def _open(file: Path, newline: str | None = None) -> TextIO:
    if file.suffix.lower() == ".gz":
        return gzip.open(file, "rt", encoding="utf-8-sig", newline=newline)
    return file.open(encoding="utf-8-sig", newline=newline)


def _jsonl(file: Path) -> Iterator[Row]:
    with _open(file, "\n") as lines:
        for number, line in enumerate(lines, 1):
            if number == 1 and _LIST.match(line):  # FailSafeQA's file is JSON in spite of its name
                yield from _json(file)
                return
            if line.strip():
                where = f"{file}:{number}"
                yield _row(_parsed(line, where), where, file)


def _json(file: Path) -> Iterator[Row]:
    with _open(file) as text:
        content = _parsed(text.read(), str(file))
    if isinstance(content, list):
        for number, value in enumerate(content, 1):
            yield _row(value, f"{file}: record {number}", file)
    else:
        yield _row(content, str(file), file)


def _csv(file: Path) -> Iterator[Row]:
    csv.field_size_limit(2**31 - 1)  # a document may be a cell
    with _open(file, "") as lines:
        reader = csv.DictReader(lines, delimiter="\t" if ".tsv" in file.name.lower() else ",", strict=True)
        try:
            for cells in reader:
                where = f"{file}:{reader.line_num}"
                if None in cells:
                    raise LcragError(f"{where}: the line has more cells than the header.")
                yield _row({k: v for k, v in cells.items() if v not in (None, "")}, where, file)
        except csv.Error as error:
            raise LcragError(f"{file}:{reader.reader.line_num}: the line is not CSV ({error}).") from error


def _parquet(file: Path) -> Iterator[Row]:
    import pyarrow as pa
    import pyarrow.parquet as pq

    number = 0
    try:
        for batch in pq.ParquetFile(file).iter_batches(batch_size=BATCH):
            for value in batch.to_pylist():
                number += 1
                yield _row(value, f"{file}: row {number}", file)
    except pa.ArrowException as error:
        raise LcragError(f"{file} is no parquet file that can be read ({reason(error)}).") from error


def _arrow(file: Path) -> Iterator[Row]:
    """A file of Hugging Face ``datasets``, which is Arrow's stream format."""
    import pyarrow as pa

    number = 0
    try:
        with pa.memory_map(str(file)) as source, pa.ipc.open_stream(source) as stream:
            for batch in stream:
                for start in range(0, batch.num_rows, BATCH):
                    for value in batch.slice(start, BATCH).to_pylist():
                        number += 1
                        yield _row(value, f"{file}: row {number}", file)
    except pa.ArrowException as error:
        raise LcragError(f"{file} is no Arrow file of `datasets` ({reason(error)}).") from error


def _parsed(text: str, where: str) -> Any:
    try:
        return json.loads(text)
    except (ValueError, RecursionError) as error:
        raise LcragError(f"{where}: this is not JSON ({reason(error)}).") from error


def _row(value: Any, where: str, file: Path) -> Row:
    if not isinstance(value, Mapping):
        raise LcragError(f"{where}: an object is expected, not {type(value).__name__}.")
    return Row(where, value, file)
