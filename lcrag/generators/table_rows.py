"""Two tables, of branches and of cities, whose rows are told in sentences."""

from __future__ import annotations

import random
from dataclasses import dataclass

from lcrag.datasets.report_prose import CITIES
from lcrag.generators import words
from lcrag.generators.page import Different, Supply

PRODUCTS = ("lamps", "chairs", "kites", "clocks")
REGIONS = ("Northmark", "Southmark", "Eastmark", "Westmark")
BRANCH = ("name", "city", "product", "founded", "employees", "revenue")
BRANCH_SENTENCE = (
    "The branch {name} in {city} sells {product}, was founded in {founded}, has {employees} employees and earned "
    "{revenue} thousand euros."
)
CITY = ("city", "region")
CITY_SENTENCE = "The city of {city} lies in {region}."


@dataclass(frozen=True)
class Row:
    """One row: its table, ``branch`` or ``city``, and its values in the order of the columns."""

    table: str
    values: tuple[str | int, ...]

    @property
    def key(self) -> str:
        """The name of the branch or the city."""
        return f"{self.table} {self.values[0]}"

    @property
    def sentence(self) -> str:
        """The row as a sentence."""
        if self.table == "branch":
            return BRANCH_SENTENCE.format(**dict(zip(BRANCH, self.values, strict=True)))
        return CITY_SENTENCE.format(**dict(zip(CITY, self.values, strict=True)))

    def __getitem__(self, column: str) -> str | int:
        return self.values[(BRANCH if self.table == "branch" else CITY).index(column)]


def rows_of(rng: random.Random, count: int, join: bool) -> tuple[str, list[Row], Supply[Row]]:
    """The city or region that is asked about, so many rows on it, and rows on others.

    Args:
        rng: Where values come from.
        count: Rows of branches; their employees and their revenues all differ.
        join: Whether a region of three cities is asked about, whose rows are relevant, too.
    """
    names = Different(lambda: words.key(rng).replace("-", " ").title())
    scope, cities = rng.choice(REGIONS), rng.sample(CITIES, 16)
    inside, outside = (cities[:3], cities[3:]) if join else (cities[:1], cities[1:])
    employees, revenues = (rng.sample(range(10, 10_000 + 10 * count), count) for _ in range(2))
    relevant = [
        _branch(rng, names.draw(), inside[i % len(inside)], employees[i], revenues[i]) for i in range(count)
    ]
    if join:
        relevant += [Row("city", (city, scope)) for city in inside]
    fixed = (
        [Row("city", (c, rng.choice([r for r in REGIONS if r != scope]))) for c in outside] if join else []
    )

    def other() -> Row:
        if fixed:
            return fixed.pop()
        return _branch(
            rng, names.draw(), rng.choice(outside), rng.randrange(10, 10_000), rng.randrange(10, 10_000)
        )

    return scope if join else inside[0], relevant, Supply(other)


def _branch(rng: random.Random, name: str, city: str, employees: int, revenue: int) -> Row:
    return Row("branch", (name, city, rng.choice(PRODUCTS), rng.randrange(1900, 2024), employees, revenue))
