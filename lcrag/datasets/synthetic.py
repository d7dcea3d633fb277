"""Annual reports of fictional companies, of any length, with questions whose answers are computed."""

from __future__ import annotations

import random

from lcrag.datasets.base import Dataset
from lcrag.datasets.report_facts import Fact, Report, invent, write
from lcrag.datasets.report_questions import KINDS
from lcrag.errors import LcragError
from lcrag.schema import Document, Question, Span

CHARACTERS_PER_TOKEN = 5.0
_TRIES = 200


def generate(
    documents: int = 4,
    tokens: int = 4000,
    questions_per_document: int = 5,
    seed: int = 0,
    demonstrations: int = 0,
) -> Dataset:
    """Annual reports whose facts are scattered through prose, and questions of five kinds in turn.

    The kinds are LaRA's four (arXiv 2502.09977) and ``aggregation``: a count, a total or an extreme over
    facts from all over the report. The same arguments give the same data set; the first reports and their
    questions stay the same when more are asked for.

    Args:
        documents: how many reports.
        tokens: the length of each, taken as ``CHARACTERS_PER_TOKEN`` characters a token; at least 1000.
        questions_per_document: how many on each; their kinds take turns across the whole data set.
        seed: of everything.
        demonstrations: questions to be shown as examples, on one more report.

    Raises:
        LcragError: a number is too small, or a report of that length has no more different questions.
    """
    for key, value, least in (
        ("documents", documents, 1),
        ("tokens", tokens, 1000),
        ("questions_per_document", questions_per_document, 0),
        ("demonstrations", demonstrations, 0),
    ):
        if value < least:
            raise LcragError(f"Synthetic reports: {key!r} is {value}, but must be at least {least}.")
    texts: list[Document] = []
    questions: list[Question] = []
    shown: list[Question] = []
    for i in range(documents + (demonstrations > 0)):
        rng = random.Random(f"{seed}/{tokens}/{i}")
        report = invent(rng, tokens)
        text, spans = write(report, f"report-{i + 1}", round(tokens * CHARACTERS_PER_TOKEN), rng)
        texts.append(text)
        count = questions_per_document if i < documents else demonstrations
        made = _questions(report, text.id, spans, count, i * questions_per_document, rng)
        (questions if i < documents else shown).extend(made)
    return Dataset("synthetic", tuple(texts), tuple(questions), tuple(shown))


def _questions(
    report: Report, id: str, spans: dict[Fact, Span], count: int, turn: int, rng: random.Random
) -> list[Question]:
    """``count`` different questions; ``turn`` says which kind comes first."""
    made: dict[str, Question] = {}
    for i in range(count):
        kind = list(KINDS)[(turn + i) % len(KINDS)]
        for _ in range(_TRIES):
            asked = KINDS[kind](report, rng)
            if asked.text not in made:
                break
        else:
            raise LcragError(
                f"Synthetic reports: there are no {count} different questions on a report of this length "
                f"({kind} ran out); lower 'questions_per_document' or raise 'tokens'."
            )
        made[asked.text] = Question(
            id=f"{id}-q{i + 1}",
            text=asked.text,
            document_ids=(id,),
            answers=asked.answers,
            kind=kind,
            choices=asked.choices,
            evidence=tuple(sorted((spans[f] for f in asked.facts), key=lambda s: s.start)),
            answerable=kind != "hallucination",
        )
    return list(made.values())
