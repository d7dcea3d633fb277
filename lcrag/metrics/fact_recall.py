"""How much of the gold evidence was quoted."""

from __future__ import annotations

from dataclasses import dataclass

from lcrag.metrics.faithfulness import fact_recall
from lcrag.schema import Answer, Question


@dataclass(frozen=True)
class FactRecall:
    """The share of the gold evidence that the strategy quoted word for word."""

    name: str = "fact_recall"

    def score(self, question: Question, answer: Answer) -> float | None:
        """From 0 to 1 where the strategy quotes facts and the question has gold evidence."""
        if "facts" not in answer.notes or not question.evidence:
            return None
        return fact_recall(answer.quotes, [span.text for span in question.evidence])
