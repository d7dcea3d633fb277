"""The demo's data: CPython's own language reference, which every Python installation contains, and questions on it."""

from __future__ import annotations

import json
import logging
from pathlib import Path

from lcrag.datasets.base import Dataset
from lcrag.datasets.evidence import locate
from lcrag.schema import Document, Question, Span

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

    Answers are short. Evidence is stored as quotes and located in the running Python's text; a question
    whose evidence another Python version words differently is left out and logged.

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
    loaded = []
    for line in QUESTIONS.read_text("utf-8").splitlines():
        question = _question(json.loads(line), documents)
        if question is not None:
            loaded.append(question)
    dataset = Dataset("pydoc", tuple(documents.values()), tuple(loaded))
    return dataset.take(questions, seed, demonstrations)


def _question(row: dict[str, object], documents: dict[str, Document]) -> Question | None:
    document = documents[str(row["document"])]
    spans: list[Span] = []
    for quote in row.get("evidence", []):  # type: ignore[attr-defined]
        span = locate(document, quote)
        if span is None:
            logging.getLogger(__name__).warning(
                "The evidence of question %s is not in this Python's text: left out.", row["id"]
            )
            return None
        spans.append(span)
    return Question(
        id=str(row["id"]),
        text=str(row["question"]),
        document_ids=(document.id,),
        answers=tuple(row.get("answers", ())),  # type: ignore[arg-type]
        kind=str(row["kind"]),
        choices=tuple(row.get("choices", ())),  # type: ignore[arg-type]
        evidence=tuple(spans),
        answerable=row["kind"] != "hallucination",
    )
