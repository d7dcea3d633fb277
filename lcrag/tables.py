"""Numbers and tables as text. What is not known is a dash, never 0."""

from __future__ import annotations

import textwrap
from collections.abc import Iterable, Mapping, Sequence
from math import isnan, nan
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import pandas as pd

WIDTH = 118  # of notes, in characters
LEVELS = ((0.001, "***"), (0.01, "**"), (0.05, "*"))  # of significance


def wrapped(notes: Sequence[str]) -> list[str]:
    """Notes in lines that fit below a table."""
    return [line for note in notes for line in textwrap.wrap(note, WIDTH, subsequent_indent="  ")]


def paragraph(text: str) -> str:
    """Sentences in lines that are as wide as notes."""
    return textwrap.fill(text, WIDTH, break_long_words=False, break_on_hyphens=False)


def aligned(rows: Sequence[Sequence[str]], left: int = 1) -> list[str]:
    """Cells in columns, the first ``left`` to the left, the others to the right."""
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    return [
        "  ".join(
            cell.ljust(width) if i < left else cell.rjust(width)
            for i, (cell, width) in enumerate(zip(row, widths, strict=True))
        ).rstrip()
        for row in rows
    ]


def known(number: float, form: str = ".3f") -> str:
    """A number, a dash for what is not known."""
    return "-" if isnan(number) else format(number, form)


def interval(mean: float, low: float, high: float) -> str:
    """``0.512 [0.40, 0.63]``; without bounds where they are not known."""
    return "-" if isnan(mean) else f"{mean:.3f}" + ("" if isnan(low) else f" [{low:.2f}, {high:.2f}]")


def p_value(p: float, is_bound: bool = False) -> str:
    """A p-value with its stars (see ``LEVELS``); with ``<`` where it is an upper bound only."""
    if isnan(p):
        return "-"
    stars = next((s for level, s in LEVELS if p < level), "")
    return ("<.001" if p < 0.001 else "<" * is_bound + f"{p:.3f}") + stars


def dollars(amount: float) -> str:
    """``0.0123``, and ``4.5e-05`` for less than a tenth of a cent."""
    return known(amount, ".4f" if amount >= 0.001 or not amount else ".1e")


def human(number: float) -> str:
    """1234567 as ``1.23M``; a dash for what is not known."""
    if isnan(number):
        return "-"
    for limit, unit in ((1e15, "P"), (1e12, "T"), (1e9, "G"), (1e6, "M"), (1e3, "k")):
        if abs(number) >= 0.9995 * limit:
            return f"{number / limit:.3g}{unit}"
    return f"{number:.3g}" if abs(number) < 99.95 else f"{number:.0f}"


def counts(names: Sequence[str], numbers: Sequence[int]) -> str:
    """``long_context 3, memory 1``: names with their numbers, without zeros."""
    return ", ".join(f"{name} {number}" for name, number in zip(names, numbers, strict=True) if number)


def many(count: int, noun: str, plural: str = "") -> str:
    """``1 question``, ``2 questions``."""
    return f"{count} {noun}" if count == 1 else f"{count} {plural or noun + 's'}"


def markdown(cells: pd.DataFrame) -> str:
    """A Markdown table of text cells."""
    rows = [[c.replace("|", r"\|").replace("*", r"\*") for c in r] for r in cells.to_numpy().tolist()]
    rule = "|---" + "|---:" * (len(cells.columns) - 1) + "|"
    lines = ["| " + " | ".join(r) + " |" for r in [list(cells.columns), *rows]]
    return "\n".join([lines[0], rule, *lines[1:]])


def ruled(rows: Sequence[Sequence[str]], left: int = 1) -> list[str]:
    """A table in lines: the first of ``rows`` is its header; rules above and below it and at the end.

    Args:
        rows: cells, the header first.
        left: how many columns are aligned to the left.
    """
    header, *body = aligned(rows, left)
    rule = "─" * max(map(len, [header, *body]))
    return [rule, header, rule, *body, rule]


def in_columns(rows: Iterable[Mapping[str, Any]]) -> dict[str, list[Any]]:
    """Rows as columns, for a data frame: one row at a time is in memory, and a value that a row lacks is NaN.

    Columns are in the order in which they first appear.
    """
    columns: dict[str, list[Any]] = {}
    for count, row in enumerate(rows):
        for name, value in row.items():
            if name not in columns:
                columns[name] = [nan] * count
            columns[name].append(value)
        if len(row) < len(columns):
            for name in columns.keys() - row.keys():
                columns[name].append(nan)
    return columns
