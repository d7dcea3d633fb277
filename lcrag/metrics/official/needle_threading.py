"""Needle Threading: the value at the end of a thread, or several values."""

from __future__ import annotations

from dataclasses import dataclass

from lcrag.schema import Answer, Question

_QUOTES = " \n\t'\"`[]{}"


@dataclass(frozen=True)
class NeedleThreading:
    """The reply is the value, or has the values (Needle Threading, Roberts et al. 2024, arXiv 2411.05000).

    Differs from the paper: the authors read the reply as a Python literal and take its beginning; here quotes and
    brackets are cut off instead, so that a bare value counts, too. How they score several values is not in their
    repository: here it is the share that stands in the reply.
    """

    name: str = "needle_threading"

    def score(self, question: Question, answer: Answer) -> float | None:
        """1 or 0 for one value, from 0 to 1 for several."""
        if not question.answers:
            return None
        if len(question.answers) == 1:
            return float(answer.text.lstrip(_QUOTES).startswith(question.answers[0]))
        return sum(value in answer.text for value in question.answers) / len(question.answers)
