"""Annual reports of invented companies, of any length, with questions whose answers are computed."""

from __future__ import annotations

import random

from lcrag.datasets.base import Dataset
from lcrag.datasets.report_facts import Fact, Report, invent, write
from lcrag.datasets.report_questions import KINDS
from lcrag.errors import LcragError
from lcrag.schema import Document, Question, Span

CHARS_PER_TOKEN = 5.0  # measured on these reports with SmolLM2's tokenizer: 4.8 at 4k tokens, 5.3 at 128k
_TRIES = 200  # questions drawn at random until one is new; then the report counts as exhausted


def generate(
    documents: int = 4,
    tokens: int = 4000,
    questions_per_document: int = 5,
    seed: int = 0,
    demonstrations: int = 0,
) -> Dataset:
    """Annual reports whose facts are scattered through prose, and questions of five kinds in turn.

    The kinds are LaRA's four (arXiv 2502.09977) and ``aggregation``: a count, a total or an extreme over
    facts from all over the report. The same arguments give the same dataset; with more documents the first
    reports and their questions stay the same.

    Args:
        documents: How many reports.
        tokens: Length of each report, counted as ``CHARS_PER_TOKEN`` characters per token; at least 1000.
        questions_per_document: How many questions per report; the kinds alternate over the whole dataset.
        seed: Seeds the whole dataset.
        demonstrations: How many questions are demonstrations, on one more report.

    Raises:
        LcragError: a number is too small, or a report of this length has too few different questions.
    """
    for key, value, minimum in (
        ("documents", documents, 1),
        ("tokens", tokens, 1000),
        ("questions_per_document", questions_per_document, 0),
        ("demonstrations", demonstrations, 0),
    ):
        if value < minimum:
            raise LcragError(f"Synthetic reports: {key!r} is {value}, but must be at least {minimum}.")
    texts: list[Document] = []
    questions: list[Question] = []
    demonstrated: list[Question] = []
    for i in range(documents + (demonstrations > 0)):
        rng = random.Random(f"{seed}/{tokens}/{i}")
        report = invent(rng, tokens)
        text, spans = write(report, f"report-{i + 1}", round(tokens * CHARS_PER_TOKEN), rng)
        texts.append(text)
        count = questions_per_document if i < documents else demonstrations
        report_questions = _questions(report, text.id, spans, count, i * questions_per_document, rng)
        (questions if i < documents else demonstrated).extend(report_questions)
    return Dataset("synthetic", tuple(texts), tuple(questions), tuple(demonstrated))


def _questions(
    report: Report, id: str, spans: dict[Fact, Span], count: int, turn: int, rng: random.Random
) -> list[Question]:
    """``count`` different questions; ``turn`` says which kind comes first."""
    by_text: dict[str, Question] = {}
    for i in range(count):
        kind = list(KINDS)[(turn + i) % len(KINDS)]
        for _ in range(_TRIES):
            drawn = KINDS[kind](report, rng)
            if drawn.text not in by_text:
                break
        else:
            raise LcragError(
                f"Synthetic reports: there are no {count} different questions on a report of this length "
                f"({kind} ran out); lower 'questions_per_document' or raise 'tokens'."
            )
        by_text[drawn.text] = Question(
            id=f"{id}-q{i + 1}",
            text=drawn.text,
            document_ids=(id,),
            answers=drawn.answers,
            kind=kind,
            choices=drawn.choices,
            evidence=tuple(sorted((spans[f] for f in drawn.facts), key=lambda s: s.start)),
            answerable=kind != "hallucination",
        )
    return list(by_text.values())
