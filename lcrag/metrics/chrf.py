"""chrF of an answer."""

from __future__ import annotations

from dataclasses import dataclass

from lcrag.metrics.base import wants_free_text
from lcrag.metrics.library import require
from lcrag.schema import Answer, Question


@dataclass(frozen=True)
class Chrf:
    """Runs of one to six characters that the answer shares with the nearest gold answer (chrF, Popović 2015).

    Computed by sacrebleu (Post 2018, arXiv 1804.08771): the F-measure that weighs recall twice. It needs no words, so
    that it suits languages without spaces.

    Raises:
        LcragError: sacrebleu is not installed.
    """

    name: str = "chrf"

    def __post_init__(self) -> None:
        require("chrf", "sacrebleu")

    def score(self, question: Question, answer: Answer) -> float | None:
        """From 0 to 1 for free text."""
        if not wants_free_text(question):
            return None
        from sacrebleu import sentence_chrf

        return min(1.0, float(sentence_chrf(answer.text, list(question.answers)).score) / 100)
