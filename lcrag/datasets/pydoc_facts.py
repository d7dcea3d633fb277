"""The demo's data: sections of CPython's reference of about 2k tokens, and facts to look up in them."""

from __future__ import annotations

import json
import random
from pathlib import Path
from typing import Literal

from lcrag.datasets.base import Dataset
from lcrag.datasets.pydoc import read_questions
from lcrag.errors import LcragError
from lcrag.schema import Document

Half = Literal["show", "choose", "both"]

SEED = 20261125
"""Seeds the division into halves: the day on which it was drawn, before any of the questions was asked."""

QUESTIONS = Path(__file__).with_name("pydoc_facts.jsonl")
SECTIONS = Path(__file__).with_name("pydoc_sections.json")
"""Documents by name, each a list of ``[topic, start, end]``: a topic from one line to another, or all of it."""


def load_pydoc_facts(
    half: Half = "show", questions: int | None = None, seed: int = 0, demonstrations: int = 0
) -> Dataset:
    """Seven questions on each of 22 sections of ``pydoc_data``: mostly facts that stand there in a few words.

    The kinds are those of LaRA (arXiv 2502.09977): ``location`` for a fact, ``comparison`` where the whole text is
    needed, ``hallucination`` where it has no answer. The 44 sections are divided into halves at random: strategies
    and prompts of ``lcrag demo`` were chosen on ``choose``, with four questions on each section, and the demo shows
    ``show``.

    Args:
        half: Which sections.
        questions: How many, balanced over kinds and documents; ``None`` for all.
        seed: Seeds the choice of questions.
        demonstrations: How many questions are set aside as demonstrations.

    Raises:
        LcragError: there is no such half.
    """
    from pydoc_data.topics import topics

    sections = json.loads(SECTIONS.read_text("utf-8"))
    names = {"both": list(sections), **_halves(sections)}.get(half)
    if names is None:
        raise LcragError(f"half must be show, choose or both, not {half!r}.")
    documents = {}
    for name in names:
        parts = [_part(topics.get(topic, ""), start, end) for topic, start, end in sections[name]]
        if all(parts):
            documents[name] = Document(name, "\n\n".join(parts) + "\n")
    rows = [json.loads(line) for line in QUESTIONS.read_text("utf-8").splitlines()]
    loaded, notices = read_questions([row for row in rows if row["document"] in names], documents)
    dataset = Dataset("pydoc_facts", tuple(documents.values()), loaded, notices=notices)
    return dataset.take(questions, seed, demonstrations)


def _halves(sections: dict[str, object]) -> dict[str, list[str]]:
    """The names of the documents of both halves, each in the order of the file."""
    drawn = sorted(sections)
    random.Random(SEED).shuffle(drawn)
    chosen = set(drawn[: len(drawn) // 2])
    return {
        "choose": [name for name in sections if name in chosen],
        "show": [name for name in sections if name not in chosen],
    }


def _part(text: str, start: str, end: str) -> str:
    """The text from the line that begins with ``start`` to the one that begins with ``end``; empty without them."""
    lines = f"\n{text}"
    first = lines.find(f"\n{start}")
    last = lines.find(f"\n{end}", first + 1) if end else len(lines)
    return "" if first < 0 or last < 0 else lines[first:last].strip()
