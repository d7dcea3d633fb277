"""The facts of a synthetic annual report, and the report that states them."""

from __future__ import annotations

import random
from collections.abc import Iterable
from dataclasses import dataclass

from lcrag.datasets import report_prose as prose
from lcrag.schema import Document, Span

OFTEN_MISSING = ("founded", "head", "city")


@dataclass(frozen=True)
class Fact:
    """One sentence's worth: ``value`` of a subsidiary's ``attribute``.

    ``detail`` tells facts of one attribute apart: the quarter of a revenue (0 to 3), the city of an office.
    """

    subject: str
    attribute: str
    value: int | str
    detail: int | str
    sentence: str


@dataclass(frozen=True)
class Report:
    """All that a report says. ``strangers`` are names of companies that it does not mention."""

    company: str
    year: int
    subsidiaries: tuple[str, ...]
    strangers: tuple[str, ...]
    facts: tuple[Fact, ...]

    def find(self, attribute: str, subject: str | None = None, detail: int | str | None = None) -> list[Fact]:
        """The facts of an attribute, of all subsidiaries and details or of one."""
        return [
            f
            for f in self.facts
            if f.attribute == attribute
            and subject in (None, f.subject)
            and (detail is None or f.detail == detail)
        ]


def invent(rng: random.Random, tokens: int) -> Report:
    """Facts for a report of that length: its subsidiaries grow with the square root, 3 at 1k, 100 at 1M.

    Of each subsidiary the report gives the revenue of four quarters and the headcount, and all but one of
    founding year, chief executive and head office.
    """
    count = min(400, max(3, round(tokens**0.5 / 10)))
    company, *names = prose.companies(rng, 2 * count + 1)
    subsidiaries, strangers = names[:count], names[count:]
    year = rng.randint(2015, 2024)
    facts: list[Fact] = []

    def state(subject: str, attribute: str, value: int | str, detail: int | str = "") -> None:
        shown = f"{value:,}" if attribute == "headcount" else value
        named = prose.QUARTERS[detail] if isinstance(detail, int) else detail
        template = rng.choice(prose.TEMPLATES[attribute])
        facts.append(
            Fact(subject, attribute, value, detail, template.format(s=subject, v=shown, q=named, y=year))
        )

    for quarter in range(4):
        for name, revenue in zip(subsidiaries, rng.sample(range(11, 990), count), strict=True):
            state(name, "revenue", revenue, quarter)
    for name, people in zip(subsidiaries, rng.sample(range(120, 9900), count), strict=True):
        state(name, "headcount", people)
    for name, head in zip(subsidiaries, prose.people(rng, count), strict=True):
        given: dict[str, int | str] = {
            "founded": rng.randint(1880, 2005),
            "head": head,
            "city": rng.choice(prose.CITIES),
        }
        del given[rng.choice(OFTEN_MISSING)]
        for attribute, value in given.items():
            state(name, attribute, value)
        for city in rng.sample(prose.CITIES, 2):
            state(name, "office", rng.randint(year - 4, year), city)
    return Report(company, year, tuple(subsidiaries), tuple(strangers), tuple(facts))


def write(report: Report, id: str, characters: int, rng: random.Random) -> tuple[Document, dict[Fact, Span]]:
    """The report as text of about that length, and where each fact stands in it.

    The facts come in any order and anywhere, between sentences that state none.
    """
    title = f"# Annual report {report.year} of {report.company}"
    room = characters - len(title) - sum(len(f.sentence) + 2 for f in report.facts)
    units: list[Fact | str] = []
    while room > 0:
        units.append(sentence := prose.filler(rng))
        room -= len(sentence) + 2  # a separator, and a share of the headings
    places = set(rng.sample(range(len(units) + len(report.facts)), len(report.facts)))
    scattered = iter(rng.sample(report.facts, len(report.facts)))
    filling = iter(units)
    units = [next(scattered if i in places else filling) for i in range(len(units) + len(report.facts))]

    pieces, length, found = [title], len(title), {}
    for separator, unit in zip(_separators(rng), units, strict=False):
        sentence = unit if isinstance(unit, str) else unit.sentence
        pieces += separator, sentence
        length += len(separator)
        if isinstance(unit, Fact):
            found[unit] = Span(id, length, length + len(sentence), sentence)
        length += len(sentence)
    return Document(id, "".join(pieces), {"company": report.company, "year": report.year}), found


def _separators(rng: random.Random) -> Iterable[str]:
    """What stands before each sentence: a space, a new paragraph, or a heading."""
    while True:
        for heading in rng.sample(prose.HEADINGS, len(prose.HEADINGS)):
            yield f"\n\n## {heading}\n\n"
            for paragraph in range(rng.randint(3, 6)):
                if paragraph:
                    yield "\n\n"
                yield from [" "] * rng.randint(3, 6)
