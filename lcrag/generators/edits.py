"""Changing a text at many places, and finding the places of its evidence again."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from lcrag.schema import Document, Span


@dataclass(frozen=True, order=True)
class Edit:
    """The characters from ``start`` to ``end`` become ``new``."""

    start: int
    end: int
    new: str


@dataclass(frozen=True)
class Edited:
    """A document after its edits, which are in order and do not overlap."""

    document: Document
    edits: tuple[Edit, ...]

    def span(self, span: Span) -> Span:
        """Where the evidence stands now; an edit at its edge belongs to it if it changes some of its characters."""
        start, end = self._place(span.start, False), self._place(span.end, True)
        return replace(
            span, document_id=self.document.id, start=start, end=end, text=self.document.text[start:end]
        )

    def _place(self, place: int, is_end: bool) -> int:
        shift = 0
        for edit in self.edits:
            if edit.start >= place if is_end else edit.end > place:
                inside = not is_end and edit.start < place
                return shift + (edit.start if inside else place)
            shift += len(edit.new) - (edit.end - edit.start)
            if edit.end > place:  # the end stands within an edit
                return shift + edit.end
        return shift + place


def apply(document: Document, edits: Sequence[Edit], id: str) -> Edited:
    """The document with its edits, under a new id."""
    ordered, pieces, done = sorted(edits), list[str](), 0
    for edit in ordered:
        pieces += (document.text[done : edit.start], edit.new)
        done = edit.end
    text = "".join([*pieces, document.text[done:]])
    return Edited(replace(document, id=id, text=text), tuple(ordered))
