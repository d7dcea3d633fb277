"""nDCG@k of the passages that an answer stands on."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import log2

from lcrag.metrics.recall import check_k
from lcrag.metrics.relevance import new_relevance
from lcrag.schema import Answer, Question


@dataclass(frozen=True)
class Ndcg:
    """How near the top the passages with gold evidence are: nDCG@k (Järvelin and Kekäläinen 2002).

    DCG@k = sum of rel_i / log2(i + 1) over the first k passages, divided by that of the best order. rel_i is 1 if
    passage i covers at least half of a gold span (or lies at least half in it) that no passage before it covers, else
    0; a gold span that no passage covers counts as a relevant passage that was not retrieved.

    The order is that of ``Answer.evidence``: best first, however the prompt orders passages. A strategy that searches
    several times lists the first search first. One that searches nothing, such as ``map_reduce``, lists passages in the
    order of the text or of its quotes: its score says nothing of a retriever.

    Attributes:
        k: How many passages count.

    Raises:
        LcragError: ``k`` is below 1.
    """

    name: str = "ndcg"
    k: int = 10

    def __post_init__(self) -> None:
        check_k(self.name, self.k)

    def score(self, question: Question, answer: Answer) -> float | None:
        """From 0 to 1 where the strategy names evidence and the question has gold evidence."""
        if not answer.evidence or not question.evidence:
            return None
        relevance, missing = new_relevance(answer.evidence, question.evidence)
        ideal = [True] * (sum(relevance) + missing)
        return _dcg(relevance[: self.k]) / _dcg(ideal[: self.k])


def _dcg(relevance: Sequence[bool]) -> float:
    return sum(relevant / log2(rank + 1) for rank, relevant in enumerate(relevance, start=1))
