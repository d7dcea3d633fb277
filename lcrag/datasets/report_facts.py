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
    """One sentence of the report.

    Attributes:
        subject: The subsidiary that the fact is about.
        attribute: What is stated, such as ``revenue``.
        value: The stated value, such as 120.
        detail: Distinguishes facts of one attribute: the quarter of a revenue (0 to 3), the city of an office.
        sentence: The fact in words.
    """

    subject: str
    attribute: str
    value: int | str
    detail: int | str
    sentence: str


@dataclass(frozen=True)
class Report:
    """The content of a report; ``strangers`` are names of companies that it does not mention."""

    company: str
    year: int
    subsidiaries: tuple[str, ...]
    strangers: tuple[str, ...]
    facts: tuple[Fact, ...]

    def find(self, attribute: str, subject: str | None = None, detail: int | str | None = None) -> list[Fact]:
        """The facts of an attribute, of all subsidiaries and details unless one is given."""
        return [
            f
            for f in self.facts
            if f.attribute == attribute
            and subject in (None, f.subject)
            and (detail is None or f.detail == detail)
        ]


def invent(rng: random.Random, tokens: int) -> Report:
    """Facts for a report of so many tokens; subsidiaries grow with the square root: 3 at 1k tokens, 100 at 1M.

    For each subsidiary the report gives the revenue of four quarters and the headcount, and all but one of
    founding year, chief executive and head office.
    """
    count = min(400, max(3, round(tokens**0.5 / 10)))
    company, *names = prose.companies(rng, 2 * count + 1)
    subsidiaries, strangers = names[:count], names[count:]
    year = rng.randint(2015, 2024)
    facts: list[Fact] = []

    def state(subject: str, attribute: str, value: int | str, detail: int | str = "") -> None:
        figure = f"{value:,}" if attribute == "headcount" else value
        detail_text = prose.QUARTERS[detail] if isinstance(detail, int) else detail
        template = rng.choice(prose.TEMPLATES[attribute])
        facts.append(
            Fact(
                subject, attribute, value, detail, template.format(s=subject, v=figure, q=detail_text, y=year)
            )
        )

    for quarter in range(4):
        for name, revenue in zip(subsidiaries, rng.sample(range(11, 990), count), strict=True):
            state(name, "revenue", revenue, quarter)
    for name, people in zip(subsidiaries, rng.sample(range(120, 9900), count), strict=True):
        state(name, "headcount", people)
    for name, head in zip(subsidiaries, prose.people(rng, count), strict=True):
        stated: dict[str, int | str] = {
            "founded": rng.randint(1880, 2005),
            "head": head,
            "city": rng.choice(prose.CITIES),
        }
        del stated[rng.choice(OFTEN_MISSING)]
        for attribute, value in stated.items():
            state(name, attribute, value)
        for city in rng.sample(prose.CITIES, 2):
            state(name, "office", rng.randint(year - 4, year), city)
    return Report(company, year, tuple(subsidiaries), tuple(strangers), tuple(facts))


def write(report: Report, id: str, characters: int, rng: random.Random) -> tuple[Document, dict[Fact, Span]]:
    """The report as text of about so many characters, and the span of each fact in it.

    The facts are in random order at random places, between filler sentences.
    """
    title = f"# Annual report {report.year} of {report.company}"
    room = characters - len(title) - sum(len(f.sentence) + 2 for f in report.facts)
    sentences: list[Fact | str] = []
    while room > 0:
        sentences.append(sentence := prose.filler(rng))
        room -= len(sentence) + 2  # a separator, and a share of the headings
    places = set(rng.sample(range(len(sentences) + len(report.facts)), len(report.facts)))
    shuffled = iter(rng.sample(report.facts, len(report.facts)))
    fillers = iter(sentences)
    sentences = [
        next(shuffled if i in places else fillers) for i in range(len(sentences) + len(report.facts))
    ]

    pieces, length, spans = [title], len(title), {}
    for separator, unit in zip(_separators(rng), sentences, strict=False):
        sentence = unit if isinstance(unit, str) else unit.sentence
        pieces += separator, sentence
        length += len(separator)
        if isinstance(unit, Fact):
            spans[unit] = Span(id, length, length + len(sentence), sentence)
        length += len(sentence)
    return Document(id, "".join(pieces), {"company": report.company, "year": report.year}), spans


def _separators(rng: random.Random) -> Iterable[str]:
    """The text before each sentence: a space, a new paragraph, or a heading."""
    while True:
        for heading in rng.sample(prose.HEADINGS, len(prose.HEADINGS)):
            yield f"\n\n## {heading}\n\n"
            for paragraph in range(rng.randint(3, 6)):
                if paragraph:
                    yield "\n\n"
                yield from [" "] * rng.randint(3, 6)
