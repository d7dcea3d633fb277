"""LaRA's answers scored without a judge, where that is sound."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from lcrag.metrics.declining import declines
from lcrag.metrics.text import token_recall
from lcrag.schema import Answer, Question


@dataclass(frozen=True)
class Lara:
    """Refusals and token recall in place of a judge (LaRA, Li et al. 2025, arXiv 2502.09977).

    Over models, lengths and ways to read, both follow the paper's judge: the share of refusals on hallucination
    (Pearson 0.96) and token recall on location (0.96, about eight points lower; ``docs/benchmark_results.md``). On
    reasoning and comparison token recall says little.

    Attributes:
        scores: ``sound`` leaves reasoning and comparison without a score; ``recall`` scores them by token recall, too.

    Differs from the paper: a judge scores all levels there; take `correctness` with the rubric `lara` for that.
    """

    name: str = "lara"
    scores: Literal["sound", "recall"] = "sound"

    def score(self, question: Question, answer: Answer) -> float | None:
        """From 0 to 1 for location and hallucination; the other levels need a judge."""
        declined = answer.declined or declines(answer.text)
        if not question.answerable:
            return float(declined)
        if not question.answers or (self.scores == "sound" and question.kind != "location"):
            return None
        return 0.0 if declined else token_recall(answer.text, question.answers, question.text)
