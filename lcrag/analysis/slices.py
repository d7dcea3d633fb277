"""Slices: what a question is like beside its kind, one column ``slice_*`` each, and scores by them.

Length of the documents, place of the evidence, and scope and dispersion after Goldman et al. 2024 (arXiv 2407.00402),
who place tasks by judgement and measure neither: both proxies here are ours.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from math import ceil, log2

import pandas as pd

from lcrag.outcomes.duplicates import clusters
from lcrag.routers.learning.features import text_features
from lcrag.schema import Question
from lcrag.statistics import holm, paired_difference
from lcrag.tables import interval, known, p_value

PREFIX = "slice_"
METADATA = ("task", "language", "genre", "level", "depth")  # slices wherever questions have them
MAX_VALUES = 12  # a slice of more values is a list of cases, not a slice
WIDE = ("aggregates", "whole", "superlative")  # cues that much of the text is needed
MANY_SPANS = 3  # so many pieces of evidence are a wide scope
APART = 2000  # characters between two places of evidence
TESTED = (
    "slice",
    "value",
    "questions",
    "first",
    "second",
    "difference",
    "low",
    "high",
    "p_value",
    "p_is_bound",
)


def slices_of(question: Question, tokens: float, characters: Mapping[str, int]) -> dict[str, str]:
    """The slices that a question is in, by the names of their columns.

    Args:
        question: The question with its evidence and metadata.
        tokens: Tokens of its documents.
        characters: Length of each document, by id.
    """
    found = {"length": _length(tokens), "scope": _scope(question)}
    if question.evidence:
        found |= {"evidence_at": _place(question, characters), "dispersion": _dispersion(question)}
    average = question.task.average if question.task else ()
    for key in dict.fromkeys((*METADATA, *average)):
        if question.metadata.get(key) is not None:
            found[key] = str(question.metadata[key])
    return {f"{PREFIX}{name}": value for name, value in found.items()}


def _length(tokens: float) -> str:
    """Powers of two, such as ``2k-4k``."""
    if not tokens > 0:
        return "unknown"
    upper = max(0, ceil(log2(tokens / 1024)))
    return f"{2 ** (upper - 1)}k-{2**upper}k" if upper else "up to 1k"


def _place(question: Question, characters: Mapping[str, int]) -> str:
    """The fifth of all the question's documents, one after the other, in which the first evidence begins."""
    before, total = 0, sum(characters[i] for i in question.document_ids)
    starts = []
    for id in question.document_ids:
        starts += [before + span.start for span in question.evidence if span.document_id == id]
        before += characters[id]
    fifth = min(4, int(5 * min(starts) / max(1, total))) if starts else 0
    return f"{20 * fifth}-{20 * fifth + 20}%"


def _dispersion(question: Question) -> str:
    """Whether the evidence stands in one place or in several, ``APART`` characters or more from each other."""
    by_document: dict[str, list[int]] = {}
    for span in question.evidence:
        by_document.setdefault(span.document_id, []).append(span.start)
    apart = any(max(starts) - min(starts) > APART for starts in by_document.values())
    return "several places" if apart or len(by_document) > 1 else "one place"


def _scope(question: Question) -> str:
    features = text_features(question.text)
    wide = len(question.evidence) >= MANY_SPANS or any(features[cue] for cue in WIDE)
    return "wide" if wide else "narrow"


def label(name: str) -> str:
    """A slice's name in words."""
    return name.replace("_", " ").removesuffix(" at")


def by_slice(rows: Mapping[str, pd.DataFrame]) -> dict[str, pd.DataFrame]:
    """Mean scores, strategies by values, for every slice with at least two and at most ``MAX_VALUES`` values.

    Args:
        rows: Outcomes by strategy, router or baseline.
    """
    tables = {}
    for column in _columns(rows):
        table = pd.DataFrame(
            {name: frame["score"].groupby(_values(frame, column)).mean() for name, frame in rows.items()}
        ).T
        table = table[sorted(table.columns, key=_order)]
        table.index.name = "strategy"
        tables[column.removeprefix(PREFIX)] = table
    return tables


def compared_slices(rows: Mapping[str, pd.DataFrame], pair: tuple[str, str], seed: int = 0) -> pd.DataFrame:
    """The difference of two strategies within each value of each slice.

    Intervals are clustered by document; p-values are Holm-corrected over all values of all slices.

    Returns:
        A row for each value, with the columns ``TESTED``: ``first`` and ``second`` are the mean scores of the two.
    """
    a, b = (rows[name].set_index("question_id") for name in pair)
    both = a.index[a["score"].notna()].intersection(b.index[b["score"].notna()])
    a, b = a.loc[both], b.loc[both]
    lines = []
    for column in _columns(rows):
        for value in sorted(_values(a, column).dropna().unique(), key=_order):
            x, y = (frame[frame[column] == value] for frame in (a, b))
            scores = x["score"].to_numpy(float), y["score"].to_numpy(float)
            paired = paired_difference(*scores, clusters(x.reset_index()), seed=seed)
            means = scores[0].mean(), scores[1].mean()
            lines.append(
                (column.removeprefix(PREFIX), value, len(x), *means, paired.difference, paired.low, paired.high,
                 paired.p_value, paired.p_is_bound)
            )  # fmt: skip
    table = pd.DataFrame(lines, columns=[*TESTED])
    table["p_value"] = holm(table["p_value"].tolist())
    return table


def slice_cells(tested: pd.DataFrame) -> list[tuple[str, ...]]:
    """The rows of ``compared_slices`` as text: slice, value, questions, both scores, difference, p."""
    return [
        (
            label(row.slice), str(row.value), str(row.questions), known(row.first, ".3f"), known(row.second, ".3f"),
            interval(row.difference, row.low, row.high), p_value(row.p_value, row.p_is_bound),
        )
        for row in tested.itertuples()
    ]  # fmt: skip


def _columns(rows: Mapping[str, pd.DataFrame]) -> Sequence[str]:
    """The slices that divide these questions."""
    first = next(iter(rows.values()))
    names = [c for c in first.columns if c.startswith(PREFIX)]
    return [c for c in names if 2 <= _values(first, c).nunique() <= MAX_VALUES]


def _values(frame: pd.DataFrame, column: str) -> pd.Series[str]:
    """A slice's values; a question that is in none of them has none, which a stored table has as an empty text."""
    return frame[column].where(frame[column] != "")


def _order(value: str) -> tuple[float, str]:
    """By the first number in a value, with ``k`` for thousands, then by its letters."""
    number = re.search(r"\d+(?:\.\d+)?", value)
    if number is None or value.startswith("up to"):
        return (-1.0 if value.startswith("up to") else float("inf"), value)
    return float(number[0]), value
