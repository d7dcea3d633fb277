"""ROUGE-L over Chinese characters."""

from __future__ import annotations

import re
from dataclasses import dataclass

from rapidfuzz.distance import LCSseq

from lcrag.schema import Answer, Question

_TOKENS = re.compile(r"[a-z0-9]+|[^\W\d_]")


@dataclass(frozen=True)
class RougeLCharacters:
    """F1 of the longest common subsequence of Chinese characters, with words of other scripts whole (Lin 2004).

    Differs from the paper: papers on Chinese summaries mostly split words by jieba; characters need no dictionary.
    """

    name: str = "rouge_l_characters"

    def score(self, question: Question, answer: Answer) -> float | None:
        """From 0 to 1 where there are gold answers; the best of them counts."""
        if not question.answers:
            return None
        said = _TOKENS.findall(answer.text.lower())
        golds = [_TOKENS.findall(gold.lower()) for gold in question.answers]
        return max(
            2 * LCSseq.similarity(said, g) / (len(said) + len(g)) if said and g else 0.0 for g in golds
        )
