"""Whether the gold evidence was among what a strategy stood on."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from lcrag.schema import Answer, Passage, Question, Span


@dataclass(frozen=True)
class Recall:
    """The share of the gold evidence that the strategy's passages cover."""

    name: str = "recall"

    def score(self, question: Question, answer: Answer) -> float | None:
        """From 0 to 1 where the strategy names evidence and the question has gold evidence."""
        return span_recall(answer.evidence, question.evidence) if answer.evidence else None


def span_recall(passages: Sequence[Passage], spans: Sequence[Span]) -> float | None:
    """The share of each gold span's characters that the passages cover, averaged over the spans.

    Returns:
        Between 0 and 1, ``None`` without gold spans.
    """
    if not spans:
        return None
    return sum(_covered(passages, span) for span in spans) / len(spans)


def _covered(passages: Sequence[Passage], span: Span) -> float:
    covered: set[int] = set()
    for p in passages:
        if p.document_id == span.document_id:
            covered.update(range(max(p.start, span.start), min(p.end, span.end)))
    return len(covered) / (span.end - span.start) if span.end > span.start else 0.0
