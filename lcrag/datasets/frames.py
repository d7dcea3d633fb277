"""Questions and documents of data frames."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from lcrag.datasets.folder import read_folder
from lcrag.datasets.question_files import plain_row
from lcrag.datasets.rows import question_of
from lcrag.errors import LcragError
from lcrag.schema import Document, Question

COLUMNS = ("id", "text")  # of a table of documents


def questions_of_table(
    table: Any, texts: Mapping[str, Document], made: Counter[str], name: str = "questions"
) -> tuple[Question, ...]:
    """The questions of a table with the columns of ``load_files``.

    Args:
        table: A DataFrame, or anything with ``to_pandas``.
        texts: The documents by id.
        made: Counts the ids that were made for questions without one.
        name: What messages call the table.

    Raises:
        LcragError: something is wrong; the message names the table and the row, counted from 0.
    """
    rows = _rows(table, name)
    if not rows:
        raise LcragError(f"{name}: the table has no row; give it at least one question.")
    return tuple(question_of(row, texts, made, f"{name}: row {i}") for i, row in enumerate(rows))


def documents_of(given: Any) -> tuple[tuple[Document, ...], tuple[str, ...]]:
    """Documents and what was left out, in sentences.

    Args:
        given: A folder, texts by id, a table with the columns ``id`` and ``text`` (others are metadata), or documents.

    Raises:
        LcragError: it is none of these, or a row has no text.
    """
    if isinstance(given, str | Path):
        folder = read_folder(Path(given))
        return tuple(folder.documents.values()), folder.notices
    if isinstance(given, Mapping):
        return tuple(
            _document({"id": id, "text": text}, f"documents: {id!r}") for id, text in given.items()
        ), ()
    if not hasattr(given, "columns") and not hasattr(given, "to_pandas"):
        documents = tuple(given) if isinstance(given, Iterable) else (given,)
        if all(isinstance(d, Document) for d in documents):
            return documents, ()
    rows = _rows(given, "documents")
    return tuple(_document(row, f"documents: row {i}") for i, row in enumerate(rows)), ()


def _document(row: Mapping[str, Any], where: str) -> Document:
    for key in COLUMNS:
        if row.get(key) is None:
            raise LcragError(f"{where}: {key!r} is missing; a document has an id and a text.")
    if not isinstance(row["text"], str):
        raise LcragError(f"{where}: 'text' must be a text, not {row['text']!r}.")
    others = {key: value for key, value in row.items() if key not in COLUMNS and value is not None}
    return Document(str(row["id"]), row["text"], others)


def _rows(table: Any, name: str) -> list[dict[Any, Any]]:
    """The rows of a table with plain values."""
    frame = table.to_pandas() if hasattr(table, "to_pandas") else table
    if not hasattr(frame, "convert_dtypes"):
        hint = "choose a split, such as dataset['test']" if isinstance(table, Mapping) else "give a DataFrame"
        raise LcragError(f"{name}: {type(table).__name__} is not a table; {hint}.")
    records = frame.convert_dtypes().to_dict("records")  # whole numbers beside missing ones stay whole
    return [plain_row(record) for record in records]
