"""Demonstrations in the prompt: solved questions, each with its own documents."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import count, islice

from lcrag.errors import LcragError
from lcrag.schema import Passage, Question, Span
from lcrag.strategies.base import Toolbox
from lcrag.strategies.pieces.prompts import question_block

DOCUMENT_WORDS = 1024
EXAMPLES = "Examples come first.\n\n"


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


def demonstrations_with_evidence(question: Question, limit: int, tools: Toolbox) -> list[Question]:
    """The dataset's first demonstrations that have an answer and its evidence: ``limit``, or as many as there are."""
    usable = (d for d in each_demonstration(question, tools) if d.answerable and d.answers and d.evidence)
    return list(islice(usable, limit))


def examples_block(examples: Iterable[str]) -> str:
    """Examples for the beginning of a prompt; empty if there are none."""
    block = "".join(f"{example}\n\n" for example in examples)
    return EXAMPLES + block if block else ""


def evidence_text(question: Question) -> str:
    """The sentences of a demonstration from which its answer follows, in one line."""
    return " ".join(" ".join(span.text.split()) for span in question.evidence)


def with_evidence(passages: Sequence[Passage], question: Question) -> list[Passage]:
    """The passages, and the gold evidence of ``question`` that is in none of them."""
    missing = [s for s in question.evidence if not any(_is_in(s, p) for p in passages)]
    return [*passages, *(Passage(s.text, s.document_id, s.start, s.end) for s in missing)]


def _is_in(span: Span, passage: Passage) -> bool:
    same = span.document_id == passage.document_id
    return same and passage.start <= span.start and span.end <= passage.end


def gold(question: Question) -> str:
    """The gold answer that a demonstration shows."""
    return question.answers[0] if question.answerable and question.answers else "unanswerable"


def _cut(text: str) -> str:
    words = text.split()
    return text.strip() if len(words) <= DOCUMENT_WORDS else " ".join(words[:DOCUMENT_WORDS])
