"""NeedleBench: keywords of needles in the reply."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from rapidfuzz.distance import Levenshtein

from lcrag.schema import Answer, Question

PARTIAL = 0.2  # of the similarity to the needle, where the keyword is missing (version 1)


@dataclass(frozen=True)
class NeedleBench:
    """The keywords of the needles stand in the reply (NeedleBench, Li et al. 2024, arXiv 2407.11963).

    Attributes:
        version: ``v2``: a keyword stands in the reply as it is, or not. ``v1``: a reply without it earns 0.2 times its
            similarity to the needle, and a chain of needles counts by the words of its answer, in any case.
    """

    name: str = "needlebench"
    version: Literal["v1", "v2"] = "v2"

    def score(self, question: Question, answer: Answer) -> float | None:
        """From 0 to 1 where there are keywords; of several needles the mean."""
        if not question.answers:
            return None
        text, task = answer.text, question.metadata.get("task")
        if self.version == "v1" and task == "multi_reasoning":
            words = question.answers[0].lower().split()
            return sum(word in text.lower() for word in words) / len(words) if words else 0.0
        share = sum(keyword in text for keyword in question.answers) / len(question.answers)
        if share or self.version == "v2" or task != "single_retrieval":
            return share
        said, needle = ("".join(t.split()) for t in (text, str(question.metadata.get("needle", ""))))
        longest = max(len(said), len(needle))
        return PARTIAL * (1 - Levenshtein.distance(said, needle) / longest if longest else 1.0)
