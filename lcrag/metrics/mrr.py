"""The reciprocal rank of the first passage with gold evidence."""

from __future__ import annotations

from dataclasses import dataclass

from lcrag.metrics.recall import check_k
from lcrag.metrics.relevance import covers
from lcrag.schema import Answer, Question


@dataclass(frozen=True)
class Mrr:
    """1 / rank of the first relevant passage; its mean over questions is the MRR (TREC-8 QA track, Voorhees 1999).

    A passage is relevant if it covers at least half of a gold span, or lies at least half in it. Ranks are those of
    ``Answer.evidence``: best first, however the prompt orders passages (see ``ndcg`` for strategies that rank nothing).

    Attributes:
        k: Only the first ``k`` passages count (MRR@k); ``None`` for all.

    Raises:
        LcragError: ``k`` is below 1.
    """

    name: str = "mrr"
    k: int | None = None

    def __post_init__(self) -> None:
        check_k(self.name, self.k)

    def score(self, question: Question, answer: Answer) -> float | None:
        """From 0 to 1 where the strategy names evidence and the question has gold evidence; 0 if none is relevant."""
        if not answer.evidence or not question.evidence:
            return None
        for rank, passage in enumerate(answer.evidence[: self.k], start=1):
            if any(covers(passage, span) for span in question.evidence):
                return 1 / rank
        return 0.0
