"""How much of a reply is given back word by word."""

from __future__ import annotations

from dataclasses import dataclass
from difflib import SequenceMatcher

from lcrag.schema import Answer, Question


@dataclass(frozen=True)
class Mrcr:
    """Similarity to the gold reply, after a prefix that must come first (OpenAI MRCR 2025, after arXiv 2409.12640)."""

    name: str = "mrcr"

    def score(self, question: Question, answer: Answer) -> float | None:
        """From 0 to 1 where there is a gold answer: ``SequenceMatcher``'s ratio, 0 without ``metadata["prefix"]``."""
        if not question.answers:
            return None
        prefix = str(question.metadata.get("prefix", ""))
        if not answer.text.startswith(prefix):
            return 0.0
        gold = question.answers[0].removeprefix(prefix)
        return float(SequenceMatcher(None, answer.text.removeprefix(prefix), gold).ratio())
