"""Questions on a synthetic annual report, answered from its facts."""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass

from lcrag.datasets.report_facts import OFTEN_MISSING, Fact, Report
from lcrag.datasets.report_prose import QUARTERS

_WORDS = ("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten")


@dataclass(frozen=True)
class Drawn:
    """A question, its gold answers, and the facts that are needed to answer it."""

    text: str
    answers: tuple[str, ...] = ()
    facts: tuple[Fact, ...] = ()
    choices: tuple[str, ...] = ()


def _wording(attribute: str, subject: str, year: int, quarter: int = 0) -> str:
    return {
        "revenue": f"What was the revenue of {subject} in the {QUARTERS[quarter]} quarter of {year}, in million euros?",
        "headcount": f"How many people did {subject} employ at the end of {year}?",
        "founded": f"In which year was {subject} founded?",
        "head": f"Who is the chief executive of {subject}?",
        "city": f"In which city is the head office of {subject}?",
    }[attribute]


def _location(report: Report, rng: random.Random) -> Drawn:
    attribute = rng.choice(("revenue", "headcount", *OFTEN_MISSING))
    fact = rng.choice(report.find(attribute) or report.find("headcount"))
    quarter = fact.detail if isinstance(fact.detail, int) else 0
    text = _wording(fact.attribute, fact.subject, report.year, quarter)
    return Drawn(text, _number(fact.value), (fact,))


def _reasoning(report: Report, rng: random.Random) -> Drawn:
    form = rng.choice(("sum", "difference", "age"))
    founded = report.find("founded")
    if form == "age" and founded:
        fact = rng.choice(founded)
        years = report.year - int(fact.value)
        return Drawn(
            f"How many years before {report.year} was {fact.subject} founded?", _number(years), (fact,)
        )
    if form == "difference":
        fewer, more = sorted(rng.sample(report.find("headcount"), 2), key=lambda f: int(f.value))
        text = f"How many more people did {more.subject} employ than {fewer.subject} at the end of {report.year}?"
        return Drawn(text, _number(int(more.value) - int(fewer.value)), (more, fewer))
    name = rng.choice(report.subsidiaries)
    a, b = sorted(rng.sample(report.find("revenue", name), 2), key=lambda f: int(f.detail))
    text = (
        f"What was the revenue of {name} in the {QUARTERS[int(a.detail)]} and the {QUARTERS[int(b.detail)]} "
        f"quarter of {report.year} together, in million euros?"
    )
    return Drawn(text, _number(int(a.value) + int(b.value)), (a, b))


def _comparison(report: Report, rng: random.Random) -> Drawn:
    attribute = rng.choice(("headcount", "revenue", "founded"))
    quarter = rng.randrange(4)
    facts = report.find(attribute, detail=quarter if attribute == "revenue" else None)
    if len({f.value for f in facts}) < 2:
        attribute, facts = "headcount", report.find("headcount")
    a, b = rng.sample(facts, 2)
    while a.value == b.value:
        a, b = rng.sample(facts, 2)
    criterion = {
        "headcount": f"employed more people at the end of {report.year}",
        "revenue": f"had the higher revenue in the {QUARTERS[quarter]} quarter of {report.year}",
        "founded": "was founded earlier",
    }[attribute]
    gold = (min if attribute == "founded" else max)((a, b), key=lambda f: int(f.value))
    text = f"Which of the two {criterion}, {a.subject} or {b.subject}?"
    return Drawn(text, (gold.subject,), (a, b), (a.subject, b.subject))


def _hallucination(report: Report, rng: random.Random) -> Drawn:
    """A question about a company that is not in the report, or about a fact that the report leaves out."""
    if rng.random() < 0.5:
        attribute = rng.choice(("revenue", "headcount", *OFTEN_MISSING))
        return Drawn(_wording(attribute, rng.choice(report.strangers), report.year, rng.randrange(4)))
    name = rng.choice(report.subsidiaries)
    missing = [attribute for attribute in OFTEN_MISSING if not report.find(attribute, name)]
    return Drawn(_wording(rng.choice(missing), name, report.year))


def _aggregation(report: Report, rng: random.Random) -> Drawn:
    source = f"According to the annual report {report.year} of {report.company}, "
    form = rng.choice(("offices", "people", "revenue", "most", "fewest", "highest"))
    if form == "offices":
        year = rng.choice(sorted({int(f.value) for f in report.find("office")}))
        facts = [f for f in report.find("office") if f.value == year]
        text = f"{source}how many new offices did the subsidiaries open in {year}?"
        return Drawn(text, _number(len(facts)), tuple(facts))
    quarter = rng.randrange(4)
    when = f"in the {QUARTERS[quarter]} quarter of {report.year}"
    facts = (
        report.find("revenue", detail=quarter) if form in {"revenue", "highest"} else report.find("headcount")
    )
    total = _number(sum(int(f.value) for f in facts))
    if form == "people":
        text = f"how many people did all subsidiaries together employ at the end of {report.year}?"
        return Drawn(source + text, total, tuple(facts))
    if form == "revenue":
        return Drawn(
            f"{source}what was the revenue of all subsidiaries together {when}, in million euros?",
            total,
            tuple(facts),
        )
    gold = (min if form == "fewest" else max)(facts, key=lambda f: int(f.value))
    criterion = (
        f"had the highest revenue {when}"
        if form == "highest"
        else f"employed the {form} people at the end of {report.year}"
    )
    return Drawn(f"{source}which subsidiary {criterion}?", (gold.subject,), tuple(facts))


def _number(value: int | str) -> tuple[str, ...]:
    if isinstance(value, str):
        return (value,)
    return (str(value), _WORDS[value]) if value < len(_WORDS) else (str(value),)


KINDS: dict[str, Callable[[Report, random.Random], Drawn]] = {
    "location": _location,
    "reasoning": _reasoning,
    "comparison": _comparison,
    "hallucination": _hallucination,
    "aggregation": _aggregation,
}
