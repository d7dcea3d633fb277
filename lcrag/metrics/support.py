"""How much of an answer the passages hold that it was made from."""

from __future__ import annotations

from collections.abc import Sequence

from lcrag.metrics.text import normalise
from lcrag.schema import Passage

_WORDS = """of in to and is was are were be been for on by with as at from or that this it its have has had not no
does do did which who what when where how their his her they he she"""
COMMON = frozenset(
    _WORDS.split()
)  # words that stand in any text: they do not tell where an answer comes from


def support(question: str, answer: str, passages: Sequence[Passage]) -> dict[str, float]:
    """The share of an answer's words that stand in the passages; a share without words or passages is absent.

    - ``support``: of all its words but the most common ones.
    - ``support_new``: of its words that the question does not have.
    - ``support_numbers``: of its words with a digit.
    """
    passage_words = {w for p in passages for w in normalise(p.text).split()}
    answer_words = [w for w in normalise(answer).split() if w not in COMMON]
    question_words = set(normalise(question).split())
    parts = {
        "support": answer_words,
        "support_new": [w for w in answer_words if w not in question_words],
        "support_numbers": [w for w in answer_words if any(c.isdigit() for c in w)],
    }
    return {
        name: sum(w in passage_words for w in words) / len(words)
        for name, words in parts.items()
        if words and passage_words
    }
