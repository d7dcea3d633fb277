"""LongProc's scorers of long procedures: tables, routes and traces of belief."""

from __future__ import annotations

import csv
import re
import string
from dataclasses import dataclass
from typing import Literal

from lcrag.metrics.text import squad_normalise
from lcrag.schema import Answer, Question

_FILLERS = re.compile(
    r"\b(?:a|an|the|on|in|at|step|thinks|think|believes|believe|is|are|of|location|know|knows|belief)\b"
)
_PUNCTUATION = str.maketrans("", "", string.punctuation + "’")  # noqa: RUF001
_STEP = re.compile(r"- Step \d+:")
Measure = Literal["accuracy", "partial"]
Variant = Literal["official", "fixed"]


@dataclass(frozen=True)
class LongProc:
    """How much of a long procedure is right (LongProc, Ye et al. 2025, arXiv 2501.05414).

    ``html_to_tsv`` is the F1 of rows in any order; other tasks are right as a whole, or as far as the first mistake.

    Attributes:
        measure: ``accuracy`` of routes and traces, or ``partial``: the share of lines before the first mistake.
        variant: ``official``: a route that is wrong from its first line on has a partial score of one line. ``fixed``:
            it has none.
    """

    name: str = "longproc"
    measure: Measure = "accuracy"
    variant: Variant = "official"

    def score(self, question: Question, answer: Answer) -> float | None:
        """From 0 to 1 where the procedure is known."""
        if not question.answers:
            return None
        gold, task = question.answers[0], question.metadata.get("task")
        if task == "html_to_tsv":
            return _table_f1(_fenced(answer.text), gold)
        if task == "path_traversal":
            right, partial = _route(answer.text, gold, self.variant)
        else:
            right, partial = _trace(answer.text, gold)
        return right if self.measure == "accuracy" else partial


def _fenced(text: str) -> str:
    """What stands in the fence, up to the last one; the whole reply without it."""
    match = re.search(r"```tsv([\s\S]*)```", text)
    return (match[1] if match else text.split("```tsv")[1] if "```tsv" in text else text).strip()


def _table_f1(text: str, gold: str) -> float:
    """F1 of the rows of two tables; 0 where one cannot be read or their columns differ."""
    said, wanted = _rows(text), _rows(gold)
    if not said or not wanted or len(said[0]) != len(wanted[0]):
        return 0.0
    precision = sum(row in wanted for row in said) / len(said)
    recall = sum(row in said for row in wanted) / len(wanted)
    return 2 * precision * recall / (precision + recall) if precision + recall else 0.0


def _rows(text: str) -> list[tuple[str, ...]]:
    """Normalised rows without the header; a row of another length is ``N/A``, but the last, which is left out."""
    try:
        header, *rows = list(csv.reader(text.strip().split("\n"), delimiter="\t"))
    except (ValueError, csv.Error):
        return []
    if rows and len(rows[-1]) != len(header):
        rows.pop()
    whole = (row if len(row) == len(header) else ["N/A"] * len(header) for row in rows)
    return [tuple(squad_normalise(cell).replace(" ", "") for cell in row) for row in whole]


def _route(text: str, gold: str, variant: Variant) -> tuple[float, float]:
    start, end = text.find("<Route>"), text.find("</Route>")
    if start < 0 or end < 0:
        return 0.0, 0.0
    said, wanted = text[start + len("<Route>") : end].strip(), gold.strip()
    if said == wanted:
        return 1.0, 1.0
    lines, golds = said.split("\n"), wanted.split("\n")
    pairs = list(zip(golds, lines, strict=False))
    wrong = next((i for i, (a, b) in enumerate(pairs) if a != b), None)
    if variant == "official":
        return 0.0, (len(pairs) if wrong is None else wrong + 1) / len(golds)
    return 0.0, (len(pairs) if wrong is None else wrong) / len(golds)


def _trace(text: str, gold: str) -> tuple[float, float]:
    said, wanted = _beliefs(text), _beliefs(gold)
    if not wanted:
        return 0.0, 0.0
    if said == wanted:
        return 1.0, 1.0
    pairs = zip(said, wanted, strict=False)
    wrong = next((i for i, (a, b) in enumerate(pairs) if a != b), min(len(said), len(wanted)))
    return 0.0, wrong / len(wanted)


def _beliefs(text: str) -> list[str]:
    """The lines of the last trace in a text, normalised."""
    lines = "\n".join(line for line in text.splitlines() if line.strip().startswith("-"))
    start = lines.rfind("- Step 0:")
    lines = lines[max(0, start) :].strip()
    return [
        " ".join(_FILLERS.sub(" ", line.split("-", 1)[1].lower().translate(_PUNCTUATION)).split())
        for line in lines.split("\n")
        if _STEP.match(line)
    ]
