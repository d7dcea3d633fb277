"""Demonstrations in the prompt: solved questions, each with its own documents."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import count

from lcrag.errors import LcragError
from lcrag.schema import Passage, Question
from lcrag.strategies.base import Toolbox
from lcrag.strategies.pieces.prompts import question_block

DOCUMENT_WORDS = 1024


def documents_block(passages: Sequence[Passage]) -> str:
    """Documents for a prompt, given best first and shown best last, so that the best is nearest to the question.

    DRAG's order (Yue et al. 2024, arXiv 2410.04343, section 3.2). Each document is cut after 1,024 words.
    """
    return "".join(f"Context: {_cut(p.text)}\n\n" for p in reversed(passages))


def demonstration(question: Question, passages: Sequence[Passage], steps: str = "") -> str:
    """One demonstration: documents, question, and the answer or the ``steps`` that lead to it."""
    ending = steps or f"Answer: {gold(question)}"
    return f"{documents_block(passages)}{question_block(question)}\n{ending}\n\n"


def each_demonstration(question: Question, tools: Toolbox) -> Iterator[Question]:
    """The dataset's demonstrations one after another, as many as it has."""
    for size in count(1):
        try:
            demonstrations = tools.demonstrations(question, size)
        except LcragError:  # the dataset has fewer
            return
        yield demonstrations[-1]


def gold(question: Question) -> str:
    """The gold answer that a demonstration shows."""
    return question.answers[0] if question.answerable and question.answers else "unanswerable"


def _cut(text: str) -> str:
    words = text.split()
    return text.strip() if len(words) <= DOCUMENT_WORDS else " ".join(words[:DOCUMENT_WORDS])
