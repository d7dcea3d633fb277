"""Which of the passages that an answer stands on are relevant: the ground of nDCG and MRR."""

from __future__ import annotations

from collections.abc import Sequence

from lcrag.metrics.recall import covered
from lcrag.schema import Passage, Span

MIN_COVERED = 0.5  # a gold span that a chunk's border cuts in two is still covered by one of the two chunks


def covers(passage: Passage, span: Span) -> bool:
    """Whether a passage covers at least half of a gold span, or of itself where the span is longer than it."""
    shorter = min(passage.end - passage.start, span.end - span.start)
    length = span.end - span.start
    return shorter > 0 and covered([passage], span) * length >= MIN_COVERED * shorter


def new_relevance(passages: Sequence[Passage], spans: Sequence[Span]) -> tuple[list[bool], int]:
    """Whether each passage covers a gold span that no passage before it covers, and how many spans none covers.

    A second passage on the same span brings nothing new, so that overlapping passages cannot raise a score.
    """
    missing = set(spans)
    relevance = []
    for passage in passages:
        new = {span for span in missing if covers(passage, span)}
        missing -= new
        relevance.append(bool(new))
    return relevance, len(missing)
