"""CPython's own language reference, which every Python installation contains, and questions on it."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from lcrag.datasets.base import Dataset
from lcrag.datasets.evidence import locate
from lcrag.schema import Document, Question
from lcrag.tables import many

DOCUMENTS = {
    "errors": ("try", "raise", "with", "assert"),
    "debugger": ("debugger",),
    "names": ("execmodel", "import", "global", "nonlocal"),
    "functions": ("function", "calls", "class", "return"),
    "literals": ("strings", "integers", "floating", "imaginary", "identifiers"),
    "comparisons": ("comparisons", "booleans", "truth"),
    "objects": ("customization",),
    "mappings": ("typesmapping", "dict"),
}
"""Documents of 2k to 6k tokens, each made of whole topics; no topic is in two documents."""

QUESTIONS = Path(__file__).with_name("pydoc_questions.jsonl")


def load_pydoc(questions: int | None = None, seed: int = 0, demonstrations: int = 0) -> Dataset:
    """Questions of LaRA's four kinds (arXiv 2502.09977) on the topics of ``pydoc_data``.

    Answers are short. Evidence is stored as quotes and located in the running Python's text; questions whose evidence
    another Python version words differently are left out, and a notice names them.

    Args:
        questions: How many, balanced over kinds and documents; ``None`` for all.
        seed: Seeds the choice of questions.
        demonstrations: How many questions are set aside as demonstrations.
    """
    from pydoc_data.topics import topics

    documents = {
        name: Document(name, "\n\n".join(topics[t].strip() for t in parts) + "\n")
        for name, parts in DOCUMENTS.items()
    }
    rows = [json.loads(line) for line in QUESTIONS.read_text("utf-8").splitlines()]
    loaded, notices = read_questions(rows, documents)
    dataset = Dataset("pydoc", tuple(documents.values()), loaded, notices=notices)
    return dataset.take(questions, seed, demonstrations)


def read_questions(
    rows: Sequence[dict[str, Any]], documents: Mapping[str, Document]
) -> tuple[tuple[Question, ...], tuple[str, ...]]:
    """The questions whose evidence stands in the running Python's text, and one notice on those that are left out.

    Args:
        rows: Lines of a file of questions.
        documents: Documents by id; a question on another one is left out.
    """
    read = {row["id"]: _question(row, documents) for row in rows}
    missing = [id for id, question in read.items() if question is None]
    notices = (
        (
            f"{many(len(missing), 'question')} left out, since this Python words the evidence differently: "
            f"{', '.join(missing)}.",
        )
        if missing
        else ()
    )
    return tuple(q for q in read.values() if q is not None), notices


def _question(row: dict[str, Any], documents: Mapping[str, Document]) -> Question | None:
    document = documents.get(row["document"])
    spans = [locate(document, quote) for quote in row.get("evidence", ())] if document else [None]
    evidence = tuple(span for span in spans if span is not None)
    if document is None or len(evidence) < len(spans):
        return None
    return Question(
        id=row["id"],
        text=row["question"],
        document_ids=(document.id,),
        answers=tuple(row.get("answers", ())),
        kind=row["kind"],
        choices=tuple(row.get("choices", ())),
        evidence=evidence,
        answerable=row["kind"] != "hallucination",
    )
