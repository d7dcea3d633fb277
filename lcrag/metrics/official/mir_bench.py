"""MIR-Bench: the output of a function that examples show."""

from __future__ import annotations

import ast
from dataclasses import dataclass
from typing import Literal

from lcrag.schema import Answer, Question


@dataclass(frozen=True)
class MIRBench:
    """What follows the last ``Output:`` is the gold output (MIR-Bench, Yan et al. 2025, arXiv 2502.09933).

    Attributes:
        variant: ``official``: character by character; the authors' script means to unwrap a dictionary or a set of one
            value, but the import that this needs is missing in it. ``fixed``: they are unwrapped.
    """

    name: str = "mir_bench"
    variant: Literal["official", "fixed"] = "official"

    def score(self, question: Question, answer: Answer) -> float | None:
        """1 or 0 where the output is known."""
        if not question.answers:
            return None
        start = answer.text.rfind(
            "utput:"
        )  # where there is none, -1: the authors read from the sixth character on
        text = answer.text[start + len("utput:") :].removeprefix("**")
        said, gold = text.replace("```python", "").replace("```", "").strip(), question.answers[0].strip()
        return float(said == gold or (self.variant == "fixed" and _unwrapped(said) == gold))


def _unwrapped(text: str) -> str:
    try:
        value = ast.literal_eval(text)
    except (ValueError, SyntaxError, RecursionError, MemoryError, TypeError):
        return text
    if isinstance(value, dict) and len(value) == 1:
        value = next(iter(value.values()))
    if isinstance(value, set) and len(value) == 1:
        value = next(iter(value))
    return str(value)
