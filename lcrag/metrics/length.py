"""Whether a long answer is as long as it should be."""

from __future__ import annotations

from dataclasses import dataclass

from lcrag.schema import Answer, Question


@dataclass(frozen=True)
class Length:
    """The answer is as long as ``metadata["words"]`` asks for (LongWriter, Bai et al. 2024, arXiv 2408.07055)."""

    name: str = "length"

    def score(self, question: Question, answer: Answer) -> float | None:
        """From 0 to 1 where the question says how many words are wanted."""
        words = question.metadata.get("words")
        return length_score(len(answer.text.split()), int(words)) if words else None


def length_score(words: int, required: int) -> float:
    """LongWriter's length score (Bai et al. 2024, arXiv 2408.07055, section 2), scaled to 0..1.

    max(0, 1 - (y/x - 1) / 3) for y words where more than the x required were written, max(0, 1 - (x/y - 1) / 2)
    where fewer were.
    """
    if required <= 0:
        raise ValueError(f"{required} words cannot be required.")
    if words <= 0:
        return 0.0
    if words > required:
        return max(0.0, 1 - (words / required - 1) / 3)
    return max(0.0, 1 - (required / words - 1) / 2)
