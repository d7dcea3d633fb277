"""Whether one of the gold strings stands in the answer."""

from __future__ import annotations

from dataclasses import dataclass

from lcrag.schema import Answer, Question


@dataclass(frozen=True)
class StringMatchAny:
    """A gold string is in the answer, in any case (RULER, Hsieh et al. 2024, arXiv 2404.06654)."""

    name: str = "string_match_any"

    def score(self, question: Question, answer: Answer) -> float | None:
        """1 or 0 where there are gold answers."""
        if not question.answers:
            return None
        text = answer.text.lower()
        return float(any(gold.lower() in text for gold in question.answers))
