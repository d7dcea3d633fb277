"""How many of the gold strings stand in the answer."""

from __future__ import annotations

from dataclasses import dataclass

from lcrag.schema import Answer, Question


@dataclass(frozen=True)
class StringMatchAll:
    """The share of the gold strings in the answer, in any case (RULER, Hsieh et al. 2024, arXiv 2404.06654)."""

    name: str = "string_match_all"

    def score(self, question: Question, answer: Answer) -> float | None:
        """From 0 to 1 where there are gold answers, which are all wanted here."""
        if not question.answers:
            return None
        text = answer.text.lower()
        return sum(gold.lower() in text for gold in question.answers) / len(question.answers)
