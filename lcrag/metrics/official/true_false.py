"""Whether a claim is called true or false as it is."""

from __future__ import annotations

import re
from dataclasses import dataclass

from lcrag.schema import Answer, Question

_ANSWER = re.compile(r"<answer>(.*?)(?:</answer|$)", re.DOTALL | re.IGNORECASE)


@dataclass(frozen=True)
class TrueFalse:
    """The claim is called true or false, and it is (NoCha, Karpinska et al. 2024, arXiv 2406.16264).

    What stands in ``<answer>`` counts, whose end may be missing; without it the whole reply. Both words, or
    neither, are wrong.

    Differs from the paper: its authors ship no scorer; these rules are from their description and from the replies.
    """

    name: str = "true_false"

    def score(self, question: Question, answer: Answer) -> float | None:
        """1 or 0 where the gold answer is true or false."""
        gold = {verdict(a) for a in question.answers} - {None}
        return float(verdict(answer.text) in gold) if gold else None


def verdict(reply: str) -> bool | None:
    """Whether the reply says that the claim is true; ``None`` where it says both or neither."""
    match = _ANSWER.search(reply)
    text = (match[1] if match else reply).lower()
    true, false = "true" in text, "false" in text
    return true if true != false else None
