"""What every retriever returns."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Passage:
    """A piece of a document: ``document[start:end] == text``; ``score`` is the retriever's, higher is better."""

    text: str
    document_id: str = ""
    start: int = 0
    end: int = 0
    score: float = 0.0
