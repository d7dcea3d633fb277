"""nDCG of the documents that were retrieved."""

from __future__ import annotations

from dataclasses import dataclass
from math import log2

from lcrag.metrics.recall import check_k
from lcrag.schema import Answer, Question

K = 10


@dataclass(frozen=True)
class DocumentNdcg:
    """How near the top the relevant documents are: nDCG@k as in trec_eval (BEIR, Thakur et al. 2021, arXiv 2104.08663).

    DCG@k = sum of grade_i / log2(i + 1) over the first k documents, divided by that of the best order. Passages of one
    document count once, at the first of them.

    Attributes:
        k: How many documents count; 0 for what the benchmark asks for, which is 10 unless it says otherwise.

    Raises:
        LcragError: ``k`` is below 0.
    """

    name: str = "document_ndcg"
    k: int = 0

    def __post_init__(self) -> None:
        if self.k:
            check_k(self.name, self.k)

    def score(self, question: Question, answer: Answer) -> float | None:
        """From 0 to 1 where the strategy names evidence and the question's relevant documents are known."""
        grades = question.metadata.get("relevance")
        if not isinstance(grades, dict) or not grades or not answer.evidence:
            return None
        k = self.k or int(question.metadata.get("k", K))
        ranked = list(dict.fromkeys(p.document_id for p in answer.evidence))
        best = sorted(grades.values(), reverse=True)
        return _dcg([grades.get(id, 0) for id in ranked[:k]]) / _dcg(best[:k])


def _dcg(grades: list[int]) -> float:
    return sum(grade / log2(rank + 1) for rank, grade in enumerate(grades, start=1))
