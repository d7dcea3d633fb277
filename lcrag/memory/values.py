"""The parts of a text that a memory stores: chunks, rounds or sessions, with dates if the text has any."""

from __future__ import annotations

import re
from typing import Literal

from lcrag.memory.dates import first_date
from lcrag.memory.store import Item, digest
from lcrag.schema import Document
from retrievers.chunkers import RecursiveChunker

Granularity = Literal["auto", "chunk", "round", "session"]
SPEAKER = re.compile(
    r"^[ \t]*(?:\*\*)?(user|human|assistant|ai|bot)(?:\*\*)?[ \t]*:", re.IGNORECASE | re.MULTILINE
)
ASKER = {"user", "human"}
HEADING = re.compile(r"^[ \t]*(?:\[|#+ |date\s*:|session\b).*$", re.IGNORECASE | re.MULTILINE)


def split_values(document: Document, granularity: Granularity, chunker: RecursiveChunker) -> list[Item]:
    """Split a document into items; offsets are exact (``document.text[v.start:v.end] == v.text``).

    ``auto`` means rounds if the text has at least four turns of speakers, else chunks. A text without speakers has
    no rounds, and one without dated headings has no sessions; both are split into chunks.
    """
    text = document.text
    turns = [(m.start(), m[1].lower() in ASKER) for m in SPEAKER.finditer(text)]
    dates = _headings(document)
    if turns and (granularity == "round" or (granularity == "auto" and len(turns) >= 4)):
        spans = _rounds(text, turns, [at for at, _ in dates])
    elif granularity == "session" and len(starts := sorted({0, *(at for at, _ in dates)})) > 1:
        spans = [
            (s, s + len(text[s:e].rstrip())) for s, e in zip(starts, [*starts[1:], len(text)], strict=True)
        ]
    else:
        spans = chunker.split(text)
    return [
        Item(
            text[s:e],
            source=f"{s}:{digest(text[s:e])}",
            document_id=document.id,
            start=s,
            end=e,
            date=_date_at(dates, s, e),
        )
        for s, e in spans
        if text[s:e].strip()
    ]


def _rounds(text: str, turns: list[tuple[int, bool]], headings: list[int]) -> list[tuple[int, int]]:
    """Spans from each turn of the asker to the next, or to the next dated heading."""
    starts = [at for at, asks in turns if asks] or [at for at, _ in turns]
    spans = []
    for start, following in zip(starts, [*starts[1:], len(text)], strict=True):
        end = min([h for h in headings if start < h < following], default=following)
        spans.append((start, start + len(text[start:end].rstrip())))
    return spans


def _headings(document: Document) -> list[tuple[int, str]]:
    """Positions from which a date is valid: the document's own date, then each dated heading."""
    document_date = document.metadata.get("date")
    headings = [(0, str(document_date)[:10])] if document_date else []
    for match in HEADING.finditer(document.text):
        if date := first_date(match.group()):
            headings.append((match.start(), date))
    return headings


def _date_at(dates: list[tuple[int, str]], start: int, end: int) -> str | None:
    """The last date before the middle of the value."""
    before = [date for at, date in dates if at <= (start + end) // 2]
    return before[-1] if before else None
