"""Numbers and dates in a text, compared within the precision in which they are given."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

_SCALES = {"thousand": 1e3, "million": 1e6, "billion": 1e9, "trillion": 1e12} | {
    "k": 1e3, "m": 1e6, "mn": 1e6, "b": 1e9, "bn": 1e9,
}  # fmt: skip
_UNDER_TWENTY = (
    "zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen seventeen "
    "eighteen nineteen"
)
_TENS = "twenty thirty forty fifty sixty seventy eighty ninety"
_WORDS = {word: n for n, word in enumerate(_UNDER_TWENTY.split())}
_WORDS |= {word: 10 * n for n, word in enumerate(_TENS.split(), start=2)}
_MONTHS = {
    m: n
    for n, m in enumerate(
        ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"], start=1
    )
}
_MONTH = r"(?P<month>jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)[a-z]*\.?"
_DAY = r"(?P<day>\d{1,2})(?:st|nd|rd|th)?"
_YEAR = r"(?P<year>\d{4})"
_DATES = tuple(
    re.compile(rf"\b{form}\b", re.IGNORECASE)
    for form in (
        rf"{_MONTH} {_DAY},? (?:of )?{_YEAR}",
        rf"{_DAY} (?:of )?{_MONTH},? {_YEAR}",
        rf"{_MONTH},? (?:of )?{_YEAR}",
        r"(?P<year>\d{4})-(?P<number>\d{1,2})-(?P<day>\d{1,2})",
        r"(?P<first>\d{1,2})[/.](?P<second>\d{1,2})[/.](?P<year>\d{4})",
    )
)
_NUMBER = re.compile(
    r"(?<![\w.])(?P<sign>[-\u2212]?)[$\u20ac\u00a3]?\s?(?P<digits>\d{1,3}(?:,\d{3})+(?:\.\d+)?|\d+(?:\.\d+)?)"
    r"(?:[\s-]?(?P<scale>thousand|million|billion|trillion|bn|mn|[kmb])\b)?(?:\s?(?P<percent>%|percent\b|per cent\b))?"
    r"(?![\d,]*\d)(?!\w)",
    re.IGNORECASE,
)
_WORD = re.compile(
    rf"\b(?P<word>{'|'.join(_WORDS)})\b(?:\s(?P<percent>percent\b|per cent\b))?", re.IGNORECASE
)


@dataclass(frozen=True)
class Number:
    """A number with the half unit of its last digit; a whole number without a scale word is exact."""

    value: float
    precision: float
    percent: bool

    def agrees(self, other: Quantity) -> bool:
        """Whether two numbers are the same within the coarser of their precisions, or a year is that of a date."""
        if isinstance(other, Date) and not self.percent and not self.precision:
            return any(self.value == year for year, _, _ in other.readings)
        if not isinstance(other, Number) or self.percent != other.percent:
            return False
        return abs(self.value - other.value) <= max(self.precision, other.precision) * (1 + 1e-9)


@dataclass(frozen=True)
class Date:
    """The readings of a date as (year, month, day), day 0 where none is given; 03/04/2024 has two."""

    readings: frozenset[tuple[int, int, int]]

    def agrees(self, other: Quantity) -> bool:
        """Whether two dates share a reading; a year alone does not give a date."""
        return isinstance(other, Date) and bool(self.readings & other.readings)


Quantity = Number | Date


def split_quantities(text: str) -> tuple[list[tuple[int, Quantity]], str]:
    """The numbers and dates of a text with their places, in order, and the text with blanks for them."""
    spans: list[tuple[int, Quantity]] = []

    def take(match: re.Match[str], quantity: Quantity | None) -> str:
        if quantity is None:
            return match[0]
        spans.append((match.start(), quantity))
        return " " * len(match[0])

    for form in _DATES:
        text = form.sub(lambda m: take(m, _date(m)), text)
    text = _NUMBER.sub(lambda m: take(m, _number(m)), text)
    without = _WORD.sub(lambda m: take(m, Number(_WORDS[m["word"].lower()], 0.0, bool(m["percent"]))), text)
    return sorted(spans, key=lambda span: span[0]), without


def _date(match: re.Match[str]) -> Date | None:
    parts = match.groupdict()
    year, day = int(parts["year"]), int(parts.get("day") or 0)
    if parts.get("month"):
        months_days = [(_MONTHS[parts["month"].lower()], day)]
    elif parts.get("number"):
        months_days = [(int(parts["number"]), day)]
    else:
        first, second = int(parts["first"]), int(parts["second"])
        months_days = [(first, second), (second, first)]
    readings = frozenset((year, month, d) for month, d in months_days if 1 <= month <= 12 and d <= 31)
    return Date(readings) if readings else None


def _number(match: re.Match[str]) -> Number:
    digits = match["digits"].replace(",", "")
    scale = _SCALES[match["scale"].lower()] if match["scale"] else 1.0
    decimals = len(digits.partition(".")[2])
    precision = 0.5 * 10**-decimals * scale if decimals or scale > 1 else 0.0
    return Number((-1 if match["sign"] else 1) * float(digits) * scale, precision, bool(match["percent"]))


def all_agree(gold: Sequence[Quantity], quantities: Sequence[Quantity]) -> bool:
    """Whether every gold quantity agrees with one of the others."""
    return all(any(g.agrees(q) for q in quantities) for g in gold)
