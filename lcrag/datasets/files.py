"""The user's own documents and questions."""

from __future__ import annotations

import hashlib
import json
import os
import re
from collections import Counter
from datetime import datetime
from pathlib import Path
from typing import Any

from lcrag.datasets.base import Dataset
from lcrag.datasets.evidence import find_quote
from lcrag.datasets.file_text import read_text
from lcrag.datasets.folder import read_folder
from lcrag.datasets.surrogates import whole
from lcrag.errors import LcragError, did_you_mean
from lcrag.schema import Document, Question, Span

KEYS = (
    "id", "question", "documents", "answers", "kind", "choices", "evidence", "answerable", "metadata", "date",
)  # fmt: skip
MAX_ID_CHARS = 32  # characters of the question at the beginning of an id that is made of it


def load_files(documents: Path, questions: Path, demonstrations: Path | None = None) -> Dataset:
    """A folder of documents, and a JSONL file with one question per line; # begins a comment line.

    Args:
        documents: The folder, read with its subfolders, without hidden files and folders: .txt, .md and .pdf, and
            with the extra ``documents`` .html, .docx and .pptx. A document's id is its path inside the folder, with
            ``/``.
        questions: Each line is an object with ``question`` and, as needed, ``id`` (by default made of the
            question and its documents, so that it stays the same wherever the line stands),
            ``documents`` (an id or a list; not needed when there is one document), ``answers`` (one or a
            list of alternatives), ``kind``, ``choices``, ``evidence`` (quotes from the documents),
            ``answerable`` (true unless ``kind`` is hallucination), ``metadata`` and ``date`` (ISO 8601).
        demonstrations: A file of the same form; its questions are not under test, strategies may show them.

    Raises:
        LcragError: something is wrong; the message names the file and the line.
    """
    documents, questions = Path(documents), Path(questions)
    folder = read_folder(documents)
    texts = folder.documents
    made = Counter[str]()
    rows = _read_questions(questions, texts, made)
    demonstrated = _read_questions(Path(demonstrations), texts, made) if demonstrations else []
    dataset = Dataset(
        documents.resolve().name, tuple(texts.values()), tuple(rows), tuple(demonstrated), folder.notices
    )
    dataset.validate()
    return dataset


def _read_questions(file: Path, texts: dict[str, Document], made: Counter[str]) -> list[Question]:
    """The questions of a file; ``made`` counts the ids that were made for questions without one."""
    if not os.path.isfile(file):  # noqa: PTH113 - Path.is_file raises for some names
        raise LcragError(f"{file}: there is no such file of questions.")
    rows: list[Question] = []
    for number, line in enumerate(read_text(file).split("\n"), 1):
        if line.strip() and not line.lstrip().startswith("#"):
            rows.append(_question(line, texts, made, f"{file}:{number}"))
    if not rows:
        raise LcragError(
            f'{file}: there is no question in it yet; write one JSON object per line, such as {{"question": '
            f'"...", "answers": "..."}}, or let a model write them: lcrag questions DOCUMENTS --output {file}'
        )
    return rows


def _made_id(text: str, document_ids: tuple[str, ...], made: Counter[str]) -> str:
    """An id of a question that has none: its first words and a hash; a duplicate gets a number as well."""
    words = "-".join(re.findall(r"\w+", text.lower()))
    start = words if len(words) <= MAX_ID_CHARS else words[: MAX_ID_CHARS + 1].rpartition("-")[0]
    content = json.dumps([text, *document_ids])  # ASCII, whatever the text holds
    id = f"{start or words[:MAX_ID_CHARS] or 'question'}-{hashlib.sha256(content.encode()).hexdigest()[:8]}"
    made[id] += 1
    return id if made[id] == 1 else f"{id}-{made[id]}"


def _question(line: str, texts: dict[str, Document], made: Counter[str], where: str) -> Question:
    try:
        row = json.loads(line)
    except json.JSONDecodeError as error:
        raise LcragError(f"{where}: the line is not JSON ({error.msg} at column {error.colno}).") from error
    if not isinstance(row, dict):
        raise LcragError(f'{where}: a line must be an object such as {{"question": "..."}}.')
    for key in row:
        if key not in KEYS:
            raise LcragError(f"{where}: unknown key {key!r}; {did_you_mean(key, KEYS)}")
    if not isinstance(row.get("question"), str) or not row["question"].strip():
        raise LcragError(f"{where}: 'question' is missing or is not text.")
    ids = _document_ids(row, texts, where)
    kind = str(row.get("kind") or "")
    return Question(
        id=_made_id(row["question"], ids, made) if row.get("id") is None else str(row["id"]),
        text=row["question"],
        document_ids=ids,
        answers=(answers := _texts(row, "answers", where)),
        kind=kind,
        choices=_choices(row, answers, where),
        evidence=tuple(_span(quote, ids, texts, where) for quote in _texts(row, "evidence", where)),
        answerable=_answerable(row, kind, where),
        metadata=_metadata(row, where),
    )


def _texts(row: dict[str, Any], key: str, where: str) -> tuple[str, ...]:
    """The texts under a key: one text, one number, or a list of them."""
    value = row.get(key)
    values = [] if value is None else value if isinstance(value, list) else [value]
    for item in values:
        if isinstance(item, bool) or not isinstance(item, str | int | float) or not str(item).strip():
            raise LcragError(f"{where}: {key!r} must be a text or a list of texts, not {json.dumps(item)}.")
    return tuple(str(item) for item in values)


def _document_ids(row: dict[str, Any], texts: dict[str, Document], where: str) -> tuple[str, ...]:
    ids = whole(_texts(row, "documents", where))
    if not ids and len(texts) > 1:
        raise LcragError(f"{where}: 'documents' is missing; name one or more of the {len(texts)} documents.")
    for id in ids:
        if id not in texts:
            raise LcragError(f"{where}: there is no document {id!r}; {did_you_mean(id, texts, cutoff=0)}")
    return ids or tuple(texts)


def _choices(row: dict[str, Any], answers: tuple[str, ...], where: str) -> tuple[str, ...]:
    choices = _texts(row, "choices", where)
    allowed = {c.strip().casefold() for c in choices} | {chr(ord("a") + i) for i in range(len(choices))}
    for answer in answers if choices else ():
        if answer.strip().casefold() not in allowed:
            raise LcragError(
                f"{where}: the answer {answer!r} is not one of the choices; give a choice or its letter."
            )
    return choices


def _span(quote: str, ids: tuple[str, ...], texts: dict[str, Document], where: str) -> Span:
    for id in ids:
        if place := find_quote(texts[id].text, quote):
            return Span(id, *place, texts[id].text[slice(*place)])
    raise LcragError(f"{where}: the evidence {quote!r} is not in {' or '.join(ids)}.")


def _answerable(row: dict[str, Any], kind: str, where: str) -> bool:
    value = row.get("answerable", kind != "hallucination")
    if not isinstance(value, bool):
        raise LcragError(f"{where}: 'answerable' must be true or false, not {json.dumps(value)}.")
    return value


def _metadata(row: dict[str, Any], where: str) -> dict[str, Any]:
    metadata = row.get("metadata") or {}
    if not isinstance(metadata, dict):
        raise LcragError(f"{where}: 'metadata' must be an object, not {json.dumps(metadata)}.")
    if row.get("date") is None:
        return metadata
    try:
        datetime.fromisoformat(row["date"])
    except (TypeError, ValueError) as error:
        raise LcragError(
            f"{where}: 'date' must be ISO 8601 such as 2024-05-31, not {row['date']!r}."
        ) from error
    return {**metadata, "date": row["date"]}
