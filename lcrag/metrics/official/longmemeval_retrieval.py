"""LongMemEval's scores of what was retrieved."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import log2
from typing import Literal

from lcrag.metrics.recall import check_k
from lcrag.metrics.relevance import new_relevance
from lcrag.schema import Answer, Question

Level = Literal["session", "turn"]
Measure = Literal["ndcg", "recall_any", "recall_all"]


@dataclass(frozen=True)
class LongMemEvalRetrieval:
    """Sessions or turns with evidence among the first k (LongMemEval, Wu et al. 2025, arXiv 2410.10813).

    A session is a document: passages of one session count once, at the first of them. A turn is a span of evidence,
    which a passage finds that covers at least half of it. The gain is discounted from the third rank on: DCG = rel_1 +
    sum of rel_i / log2(i) from i = 2, so that the second rank counts as much as the first.

    Attributes:
        level: ``session`` or ``turn``.
        measure: ``ndcg``, or whether any (``recall_any``) or every (``recall_all``) one is found.
        k: How many sessions or passages count.

    Raises:
        LcragError: ``k`` is below 1.

    Differs from the paper: turns are the user's there, so that evidence that only the assistant gives is not counted;
    the retrieved units are whole turns or sessions there, and any passages here.
    """

    name: str = "longmemeval_retrieval"
    level: Level = "session"
    measure: Measure = "ndcg"
    k: int = 5

    def __post_init__(self) -> None:
        check_k(self.name, self.k)

    def score(self, question: Question, answer: Answer) -> float | None:
        """From 0 to 1 where the strategy names evidence and the question has gold evidence."""
        if not answer.evidence or not question.evidence or not question.answerable:
            return None
        if self.level == "turn":
            relevance, missing = new_relevance(answer.evidence, question.evidence)
            missing_after, total = (
                new_relevance(answer.evidence[: self.k], question.evidence)[1],
                len(set(question.evidence)),
            )
            ideal = sum(relevance) + missing
        else:
            gold = {span.document_id for span in question.evidence}
            ranked = list(dict.fromkeys(p.document_id for p in answer.evidence))
            relevance = [id in gold for id in ranked]
            ideal = total = len(gold)
            missing_after = total - sum(relevance[: self.k])
        if self.measure == "recall_any":
            return float(missing_after < total)
        if self.measure == "recall_all":
            return float(missing_after == 0)
        return _dcg(relevance[: self.k]) / _dcg(([True] * ideal)[: self.k])


def _dcg(relevance: Sequence[bool]) -> float:
    return sum(found / (log2(rank) if rank > 1 else 1.0) for rank, found in enumerate(relevance, start=1))
