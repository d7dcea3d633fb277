"""Tables as text."""

from __future__ import annotations

import textwrap
from collections.abc import Sequence
from math import isnan

WIDTH = 118  # of notes, in characters


def wrapped(notes: Sequence[str]) -> list[str]:
    """Notes in lines that fit below a table."""
    return [line for note in notes for line in textwrap.wrap(note, WIDTH, subsequent_indent="  ")]


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
