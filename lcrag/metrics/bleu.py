"""BLEU of an answer."""

from __future__ import annotations

from dataclasses import dataclass

from lcrag.metrics.base import wants_free_text
from lcrag.metrics.library import require
from lcrag.schema import Answer, Question


@dataclass(frozen=True)
class Bleu:
    """Runs of one to four words that the answer shares with the gold answers (BLEU, Papineni et al. 2002).

    Computed by sacrebleu (Post 2018, arXiv 1804.08771) for one answer against all gold answers together, with its
    exponential smoothing.

    Raises:
        LcragError: sacrebleu is not installed.

    Differs from the paper: BLEU was defined for a whole corpus; the mean of these scores is not the corpus' BLEU. An
    answer of fewer than four words is scored by the shorter runs that it has.
    """

    name: str = "bleu"

    def __post_init__(self) -> None:
        require("bleu", "sacrebleu")

    def score(self, question: Question, answer: Answer) -> float | None:
        """From 0 to 1 for free text."""
        if not wants_free_text(question):
            return None
        from sacrebleu import sentence_bleu

        return min(1.0, float(sentence_bleu(answer.text, list(question.answers)).score) / 100)
