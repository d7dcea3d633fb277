"""LongGenBench's completion rate: how many of the blocks that were asked for were written."""

from __future__ import annotations

import re
from dataclasses import dataclass

from lcrag.schema import Answer, Question

BLOCK = "#*#"  # stands before each block


@dataclass(frozen=True)
class LongGenBench:
    """The share of numbered blocks that were written (LongGenBench, Wu et al. 2024, arXiv 2409.02076).

    A block counts by the first number after its type, such as ``Week 3``. The checks of what stands in the blocks
    need a judge and are not this metric; they are in ``metadata["checks"]``.
    """

    name: str = "longgenbench"

    def score(self, question: Question, answer: Answer) -> float | None:
        """From 0 to 1 where ``metadata`` has the ``type`` and the ``number`` of blocks."""
        kind, number = question.metadata.get("type"), question.metadata.get("number")
        if not kind or not number:
            return None
        pattern = re.compile(rf"{re.escape(str(kind))} (\d+)")
        matches = (pattern.search(block) for block in answer.text.split(BLOCK))
        written = {match[1].lstrip("0") for match in matches if match}
        return len(written & set(map(str, range(1, int(number) + 1)))) / int(number)
