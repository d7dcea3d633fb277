"""How far an answer stands in the passages that it was made from."""

from __future__ import annotations

from collections.abc import Sequence

from lcrag.metrics.text import normalise
from lcrag.schema import Passage

_WORDS = """of in to and is was are were be been for on by with as at from or that this it its have has had not no
does do did which who what when where how their his her they he she"""
COMMON = frozenset(_WORDS.split())  # words that say nothing of where an answer comes from


def support(text: str, answer: str, passages: Sequence[Passage]) -> dict[str, float]:
    """How far an answer stands in the passages that it was made from; no figure where there is nothing to look for.

    - ``support``: share of its words (without the commonest) that are in a passage.
    - ``support_new``: the same of words that the question does not have; ``support_numbers``: of numbers.
    """
    there = {w for p in passages for w in normalise(p.text).split()}
    said = [w for w in normalise(answer).split() if w not in COMMON]
    asked = set(normalise(text).split())
    parts = {
        "support": said,
        "support_new": [w for w in said if w not in asked],
        "support_numbers": [w for w in said if any(c.isdigit() for c in w)],
    }
    return {
        name: sum(w in there for w in words) / len(words) for name, words in parts.items() if words and there
    }
