"""Whether a gold answer stands in the answer, by SQuAD's normalisation."""

from __future__ import annotations

from dataclasses import dataclass

from lcrag.metrics.text import squad_normalise
from lcrag.schema import Answer, Question


@dataclass(frozen=True)
class SubspanEM:
    """A gold answer is in the answer, both normalised as in SQuAD (Liu et al. 2023, arXiv 2307.03172)."""

    name: str = "subspan_em"

    def score(self, question: Question, answer: Answer) -> float | None:
        """1 or 0 where there are gold answers."""
        if not question.answers:
            return None
        text = squad_normalise(answer.text)
        return float(any(squad_normalise(gold) in text for gold in question.answers))
