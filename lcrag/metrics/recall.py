"""Whether the gold evidence was among what a strategy stood on."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from lcrag.errors import LcragError
from lcrag.schema import Answer, Passage, Question, Span


@dataclass(frozen=True)
class Recall:
    """The share of the gold evidence that the strategy's passages cover.

    Attributes:
        k: Only the first ``k`` passages count (recall@k); ``None`` for all.

    Raises:
        LcragError: ``k`` is below 1, or a recall@k has no name of its own.
    """

    name: str = "recall"
    k: int | None = None

    def __post_init__(self) -> None:
        if self.k is None:
            return
        check_k(self.name, self.k)
        if self.name == "recall":
            raise LcragError(
                f"recall with k needs a name of its own, such as `name: recall_at_{self.k}`: `recall` is the score of "
                "all passages."
            )

    def score(self, question: Question, answer: Answer) -> float | None:
        """From 0 to 1 where the strategy names evidence and the question has gold evidence."""
        return span_recall(answer.evidence[: self.k], question.evidence) if answer.evidence else None


def check_k(metric: str, k: int | None) -> None:
    """Check the ``k`` of a metric.

    Raises:
        LcragError: it is below 1.
    """
    if k is not None and k < 1:
        raise LcragError(f"The metric {metric!r} needs k of at least 1, not {k}.")


def span_recall(passages: Sequence[Passage], spans: Sequence[Span]) -> float | None:
    """The share of each gold span's characters that the passages cover, averaged over the spans.

    Returns:
        Between 0 and 1, ``None`` without gold spans.
    """
    if not spans:
        return None
    return sum(covered(passages, span) for span in spans) / len(spans)


def covered(passages: Sequence[Passage], span: Span) -> float:
    """The share of a gold span's characters that the passages cover, from 0 to 1."""
    places: set[int] = set()
    for p in passages:
        if p.document_id == span.document_id:
            places.update(range(max(p.start, span.start), min(p.end, span.end)))
    return len(places) / (span.end - span.start) if span.end > span.start else 0.0
