"""LongBench-Write's length score, with its authors' way to count words."""

from __future__ import annotations

import re
from dataclasses import dataclass

from lcrag.metrics.length import length_score
from lcrag.schema import Answer, Question


@dataclass(frozen=True)
class LongWrite:
    """The answer is as long as was asked for (LongBench-Write, Bai et al. 2024, arXiv 2408.07055, ``eval_length.py``).

    Words are runs of Latin letters and Chinese characters: "don't" is two words, a number is none. An empty answer,
    which divides by zero in the authors' script, scores 0. The quality score needs a judge and is not this one.
    """

    name: str = "long_write"

    def score(self, question: Question, answer: Answer) -> float | None:
        """From 0 to 1 where ``metadata["words"]`` says how many words are wanted."""
        words = question.metadata.get("words")
        return length_score(count_words(answer.text), int(words)) if words else None


def count_words(text: str) -> int:
    """Runs of Latin letters between word boundaries, and Chinese characters."""
    return len(re.findall(r"[\u4e00-\u9fff]", text)) + len(re.findall(r"\b[a-zA-Z]+\b", text))
