"""Numbers and tables as text. What is not known is a dash, never 0."""

from __future__ import annotations

import textwrap
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from math import isnan, nan
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import pandas as pd

WIDTH = 118  # of notes, in characters
MIN_TEXT = 8  # characters of a name that is shortened
LEVELS = ((0.001, "***"), (0.01, "**"), (0.05, "*"))  # of significance
_available: ContextVar[int | None] = ContextVar("width", default=None)


@contextmanager
def fitting(width: int | None) -> Iterator[None]:
    """Make the tables and notes within fit a terminal: what is too wide loses columns, and says which.

    Args:
        width: characters per line; ``None`` for as many as a table takes.
    """
    token = _available.set(width)
    try:
        yield
    finally:
        _available.reset(token)


def note_width() -> int:
    """The characters in a line of prose."""
    return min(WIDTH, _available.get() or WIDTH)


def wrapped(notes: Sequence[str]) -> list[str]:
    """Notes in lines that fit below a table."""
    return [line for note in notes for line in textwrap.wrap(note, note_width(), subsequent_indent="  ")]


def paragraph(text: str) -> str:
    """Sentences in lines that are as wide as notes."""
    return textwrap.fill(text, note_width(), break_long_words=False, break_on_hyphens=False)


def fitted(
    rows: Sequence[Sequence[str]], drop: Sequence[str] = (), keep: int = 2, texts: int = 1
) -> tuple[list[list[str]], list[str]]:
    """A table without the columns that do not fit, and their heads.

    Args:
        rows: cells, the header first.
        drop: heads of the columns to leave out first, in this order; then those from the right.
        keep: how many columns stay in any case; the first always does.
        texts: how many columns from the left are shortened where even those that stay are too wide.
    """
    width, cells = _available.get(), [list(row) for row in rows]
    if width is None or not cells:
        return cells, []
    dropped = []
    while len(cells[0]) > keep and _width(cells) > width:
        at = next((i for i in (cells[0].index(d) for d in drop if d in cells[0]) if i), len(cells[0]) - 1)
        dropped.append(cells[0][at])
        cells = [row[:at] + row[at + 1 :] for row in cells]
    while (over := _width(cells) - width) > 0:
        widths = [max(len(row[i]) for row in cells) for i in range(min(texts, len(cells[0])))]
        at = widths.index(max(widths))
        shorter = max(MIN_TEXT, widths[at] - (1 if len(widths) > 1 else over))
        if shorter == widths[at]:
            break
        cells = [[*row[:at], _shortened(row[at], shorter), *row[at + 1 :]] for row in cells]
    return cells, [head for head in rows[0] if head in dropped]


def _shortened(text: str, width: int) -> str:
    """A text without its middle: names often differ at their end."""
    if len(text) <= width:
        return text
    text = text.replace("…", "")
    return f"{text[: (width - 1) // 2]}…{text[len(text) - width // 2 :]}"


def _width(rows: Sequence[Sequence[str]]) -> int:
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    return sum(widths) + 2 * (len(widths) - 1)


def left_out(dropped: Sequence[str]) -> list[str]:
    """The line below a table that lost columns; none where it has all of them."""
    named = ", ".join(filter(None, dropped))
    return wrapped([f"Too narrow for: {named}."]) if named else []


def aligned(
    rows: Sequence[Sequence[str]], left: int = 1, drop: Sequence[str] = (), header: bool = True
) -> list[str]:
    """Cells in columns, the first ``left`` to the left, the others to the right.

    Args:
        rows: cells.
        left: how many columns are aligned to the left.
        drop: heads of the columns to leave out first where not all fit (``fitted``).
        header: whether the first row is the header; its words tell which columns did not fit.
    """
    cells, dropped = fitted(rows, drop, texts=max(1, left))
    widths = [max(map(len, column)) for column in zip(*cells, strict=True)]
    lines = [
        "  ".join(
            cell.ljust(width) if i < left else cell.rjust(width)
            for i, (cell, width) in enumerate(zip(row, widths, strict=True))
        ).rstrip()
        for row in cells
    ]
    return [*lines, *(left_out(dropped) if header else ())]


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


def ruled(
    rows: Sequence[Sequence[str]],
    left: int = 1,
    groups: Sequence[str] = (),
    drop: Sequence[str] = (),
    keep: int = 2,
) -> list[str]:
    """A table in lines: the first of ``rows`` is its header; rules above and below it and at the end.

    Args:
        rows: cells, the header first.
        left: how many columns are aligned to the left.
        groups: the group of each row of the body; a rule stands between two groups.
        drop: heads of the columns to leave out first where not all fit (``fitted``).
        keep: how many columns stay in any case.
    """
    cells, dropped = fitted(rows, drop, keep, left)
    with fitting(None):
        header, *body = aligned(cells, left)
    rule = "─" * max(map(len, [header, *body]))
    lines = body[:1]
    for i, line in enumerate(body[1:], 1):
        lines += [rule, line] if groups and groups[i] != groups[i - 1] else [line]
    return [rule, header, rule, *lines, rule, *left_out(dropped)]


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
