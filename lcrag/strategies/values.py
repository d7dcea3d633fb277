"""What a memory holds: rounds of a conversation or chunks of a text, dated where the text says when."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal

from lcrag.schema import Document, Passage
from lcrag.strategies.dates import first_date
from retrievers.chunkers import RecursiveChunker

SPEAKER = re.compile(
    r"^[ \t]*(?:\*\*)?(user|human|assistant|ai|bot)(?:\*\*)?[ \t]*:", re.IGNORECASE | re.MULTILINE
)
ASKER = {"user", "human"}
HEADING = re.compile(r"^[ \t]*(?:\[|#+ |date\s*:|session\b).*$", re.IGNORECASE | re.MULTILINE)


@dataclass(frozen=True)
class Value:
    """One item of a memory; ``date`` is ISO 8601 (YYYY-MM-DD) or ``None``."""

    document_id: str
    start: int
    end: int
    text: str
    date: str | None = None

    def passage(self, score: float) -> Passage:
        """As evidence, with its retrieval score."""
        return Passage(self.text, self.document_id, self.start, self.end, score)


def split_values(
    document: Document, granularity: Literal["auto", "chunk", "round"], chunker: RecursiveChunker
) -> list[Value]:
    """Split a document; offsets are exact (``document.text[v.start:v.end] == v.text``)."""
    turns = [(m.start(), m[1].lower() in ASKER) for m in SPEAKER.finditer(document.text)]
    rounds = granularity == "round" or (granularity == "auto" and len(turns) >= 4)
    if rounds and turns:
        spans = _rounds(document.text, turns)
    else:
        spans = [(s, e) for s, e in chunker.split(document.text) if document.text[s:e].strip()]
    dated = _headings(document)
    return [Value(document.id, s, e, document.text[s:e], _date_at(dated, s, e)) for s, e in spans]


def _rounds(text: str, turns: list[tuple[int, bool]]) -> list[tuple[int, int]]:
    starts = [at for at, asks in turns if asks] or [at for at, _ in turns]
    return [
        (start, start + len(text[start:end].rstrip()))
        for start, end in zip(starts, [*starts[1:], len(text)], strict=True)
    ]


def _headings(document: Document) -> list[tuple[int, str]]:
    """Positions from which a date holds: the document's own, then each dated heading line."""
    own = document.metadata.get("date")
    found = [(0, str(own)[:10])] if own else []
    for match in HEADING.finditer(document.text):
        if date := first_date(match.group()):
            found.append((match.start(), date))
    return found


def _date_at(dated: list[tuple[int, str]], start: int, end: int) -> str | None:
    """The last date that was set before the middle of the value."""
    before = [date for at, date in dated if at <= (start + end) // 2]
    return before[-1] if before else None
