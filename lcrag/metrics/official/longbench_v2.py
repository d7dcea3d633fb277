"""LongBench v2's letter."""

from __future__ import annotations

import re
from dataclasses import dataclass

from lcrag.metrics.base import wants_choice
from lcrag.metrics.choice import gold
from lcrag.schema import Answer, Question

_STATED = (re.compile(r"The correct answer is \(([A-D])\)"), re.compile(r"The correct answer is ([A-D])"))


@dataclass(frozen=True)
class LongBenchV2:
    """The letter after "The correct answer is" is the right one (LongBench v2, Bai et al. 2024, arXiv 2412.15204).

    Asterisks are dropped first; a letter in brackets counts before one without, the first of several counts, and the
    case of the words matters.

    Attributes:
        compensated: A reply without such a sentence earns a quarter, the authors' option; otherwise nothing.
    """

    name: str = "longbench_v2"
    compensated: bool = False

    def score(self, question: Question, answer: Answer) -> float | None:
        """1 or 0 for multiple choice, 0.25 for no letter if ``compensated``."""
        if not wants_choice(question):
            return None
        text = answer.text.replace("*", "")
        match = next((m for m in (pattern.search(text) for pattern in _STATED) if m), None)
        if match is None:
            return 0.25 if self.compensated else 0.0
        letter = frozenset(["ABCD".index(match[1])])
        return float(any(letter == gold(answer, question.choices) for answer in question.answers))
