"""One question of a file or a table, from its columns."""

from __future__ import annotations

import hashlib
import json
import re
from collections import Counter
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from lcrag.datasets.evidence import find_quote
from lcrag.datasets.surrogates import whole
from lcrag.errors import LcragError, did_you_mean
from lcrag.schema import Document, Question, Span

KEYS = (
    "id", "question", "documents", "answers", "kind", "choices", "evidence", "answerable", "metadata", "date",
)  # fmt: skip
ALL = "*"  # names all documents
MAX_NAMED = 5  # documents that a message names
MAX_ID_CHARS = 32  # characters of the question at the beginning of an id that is made of it


def _made_id(text: str, document_ids: tuple[str, ...], made: Counter[str]) -> str:
    """An id of a question that has none: its first words and a hash; a duplicate gets a number as well."""
    words = "-".join(re.findall(r"\w+", text.lower()))
    start = words if len(words) <= MAX_ID_CHARS else words[: MAX_ID_CHARS + 1].rpartition("-")[0]
    content = json.dumps([text, *document_ids])  # ASCII, whatever the text holds
    id = f"{start or words[:MAX_ID_CHARS] or 'question'}-{hashlib.sha256(content.encode()).hexdigest()[:8]}"
    made[id] += 1
    return id if made[id] == 1 else f"{id}-{made[id]}"


def question_of(
    row: Mapping[str, Any], texts: Mapping[str, Document], made: Counter[str], where: str
) -> Question:
    """The question of a row; see ``load_files`` for its keys.

    Args:
        row: What stands under each key; ``None`` is as if the key were not there.
        texts: The documents by id.
        made: Counts the ids that were made for questions without one.
        where: The row's place, for messages.

    Raises:
        LcragError: something is wrong; the message begins with ``where``.
    """
    for key in row:
        if key not in KEYS:
            raise LcragError(f"{where}: unknown key {key!r}; {did_you_mean(str(key), KEYS)}")
    if not isinstance(row.get("question"), str) or not row["question"].strip():
        raise LcragError(f"{where}: 'question' is missing or is not text.")
    named = _document_ids(row, texts, where)
    ids = tuple(texts) if ALL in named else named
    kind = str(row.get("kind") or "")
    return Question(
        id=_made_id(row["question"], named, made) if row.get("id") is None else str(row["id"]),
        text=row["question"],
        document_ids=ids,
        answers=(answers := _texts(row, "answers", where)),
        kind=kind,
        choices=_choices(row, answers, where),
        evidence=tuple(_span(quote, ids, texts, where) for quote in _texts(row, "evidence", where)),
        answerable=_answerable(row, kind, where),
        metadata=_metadata(row, where),
    )


def _texts(row: Mapping[str, Any], key: str, where: str) -> tuple[str, ...]:
    """The texts under a key: one text, one number, or a list of them."""
    value = row.get(key)
    values = [] if value is None else value if isinstance(value, list) else [value]
    for item in values:
        if isinstance(item, bool) or not isinstance(item, str | int | float) or not str(item).strip():
            raise LcragError(f"{where}: {key!r} must be a text or a list of texts, not {json.dumps(item)}.")
    return tuple(str(item) for item in values)


def _document_ids(row: Mapping[str, Any], texts: Mapping[str, Document], where: str) -> tuple[str, ...]:
    """The ids that a row names; ``ALL`` where it names none of several documents, and the id of a single one."""
    ids = whole(_texts(row, "documents", where))
    if not ids:
        return tuple(texts) if len(texts) == 1 else (ALL,)
    for id in ids:
        if id not in texts and id != ALL:
            raise LcragError(f"{where}: there is no document {id!r}; {did_you_mean(id, texts, cutoff=0)}")
    return ids


def _choices(row: Mapping[str, Any], answers: tuple[str, ...], where: str) -> tuple[str, ...]:
    choices = _texts(row, "choices", where)
    allowed = {c.strip().casefold() for c in choices} | {chr(ord("a") + i) for i in range(len(choices))}
    for answer in answers if choices else ():
        if answer.strip().casefold() not in allowed:
            raise LcragError(
                f"{where}: the answer {answer!r} is not one of the choices; give a choice or its letter."
            )
    return choices


def _span(quote: str, ids: tuple[str, ...], texts: Mapping[str, Document], where: str) -> Span:
    for id in ids:
        if place := find_quote(texts[id].text, quote):
            return Span(id, *place, texts[id].text[slice(*place)])
    places = " or ".join(ids) if len(ids) <= MAX_NAMED else f"any of the {len(ids)} documents"
    raise LcragError(f"{where}: the evidence {quote!r} is not in {places}.")


def _answerable(row: Mapping[str, Any], kind: str, where: str) -> bool:
    value = row.get("answerable")
    value = kind != "hallucination" if value is None else value
    if not isinstance(value, bool):
        raise LcragError(f"{where}: 'answerable' must be true or false, not {json.dumps(value)}.")
    return value


def _metadata(row: Mapping[str, Any], where: str) -> dict[str, Any]:
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
