"""Demonstrations: examples in the prompt, each with documents of its own."""

from __future__ import annotations

from collections.abc import Sequence

from lcrag.schema import Passage, Question
from lcrag.strategies.pieces.prompts import question_block

DOCUMENT_WORDS = 1024


def documents_block(passages: Sequence[Passage]) -> str:
    """Passages given best first, shown best last: the best stands nearest to the question.

    DRAG's order (Yue et al. 2024, arXiv 2410.04343, section 3.2). Each is cut on the right to 1,024 words.
    """
    return "".join(f"Context: {_cut(p.text)}\n\n" for p in reversed(passages))


def example(question: Question, passages: Sequence[Passage], middle: str = "") -> str:
    """One demonstration: its documents, its question, the steps if it has any, its answer."""
    steps = middle or f"Answer: {gold(question)}"
    return f"{documents_block(passages)}{question_block(question)}\n{steps}\n\n"


def gold(question: Question) -> str:
    """The answer that a demonstration shows."""
    return question.answers[0] if question.answerable and question.answers else "unanswerable"


def _cut(text: str) -> str:
    words = text.split()
    return text.strip() if len(words) <= DOCUMENT_WORDS else " ".join(words[:DOCUMENT_WORDS])
