"""Queries on branches and cities, and their answers by DuckDB or SQLite."""

from __future__ import annotations

import importlib
import random
import sqlite3
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from importlib.util import find_spec
from typing import Any

from lcrag.generators.table_rows import Row


@dataclass(frozen=True)
class Query:
    """A question and its query; ``ordered`` if the order of the answer counts."""

    text: str
    sql: str
    ordered: bool = False


def answered(sql: str, rows: Sequence[Row]) -> tuple[str, ...]:
    """The first column of the result, as texts.

    Args:
        sql: The query.
        rows: The rows of both tables.
    """
    connection = _connection()
    connection.execute(
        "CREATE TABLE branch (name VARCHAR, city VARCHAR, product VARCHAR, founded INTEGER, employees INTEGER, "
        "revenue INTEGER)"
    )
    connection.execute("CREATE TABLE city (city VARCHAR, region VARCHAR)")
    for row in rows:
        marks = ", ".join("?" * len(row.values))
        connection.execute(f"INSERT INTO {row.table} VALUES ({marks})", row.values)
    found = connection.execute(sql).fetchall()
    connection.close()
    return tuple(_told(values[0]) for values in found if values[0] is not None)


def filter_(rng: random.Random, scope: str, rows: Sequence[Row]) -> Query:
    """Names of branches in a city that sell a product."""
    product = _product(rng, rows)
    return Query(
        f"Which branches in {scope} sell {product}?",
        f"SELECT name FROM branch WHERE city = '{scope}' AND product = '{product}' ORDER BY name",
    )


def join(rng: random.Random, scope: str, rows: Sequence[Row]) -> Query:
    """Names of branches in the cities of a region that sell a product."""
    product = _product(rng, rows)
    return Query(
        f"Which branches in the cities of {scope} sell {product}?",
        "SELECT name FROM branch JOIN city ON branch.city = city.city "
        f"WHERE region = '{scope}' AND product = '{product}' ORDER BY name",
    )


def count(rng: random.Random, scope: str, rows: Sequence[Row]) -> Query:
    """How many branches of a city sell a product."""
    product = _product(rng, rows)
    return Query(
        f"How many branches in {scope} sell {product}?",
        f"SELECT COUNT(*) FROM branch WHERE city = '{scope}' AND product = '{product}'",
    )


def sum_(rng: random.Random, scope: str, rows: Sequence[Row]) -> Query:
    """The employees of all branches of a city."""
    return Query(
        f"How many employees do all branches in {scope} have together?",
        f"SELECT SUM(employees) FROM branch WHERE city = '{scope}'",
    )


def mean(rng: random.Random, scope: str, rows: Sequence[Row]) -> Query:
    """The mean revenue of the branches of a city."""
    return Query(
        f"What did a branch in {scope} earn on average, in thousand euros with one decimal?",
        f"SELECT ROUND(AVG(revenue), 1) FROM branch WHERE city = '{scope}'",
    )


def group(rng: random.Random, scope: str, rows: Sequence[Row]) -> Query:
    """Products that several branches of a city sell."""
    several = max(2, -(-len(rows) // 4))  # there are four products: one of them is sold by as many
    return Query(
        f"Which products are sold by at least {several} branches in {scope}?",
        f"SELECT product FROM branch WHERE city = '{scope}' GROUP BY product HAVING COUNT(*) >= {several} "
        "ORDER BY product",
    )


def maximum(rng: random.Random, scope: str, rows: Sequence[Row]) -> Query:
    """The branch of a city with the most employees."""
    return Query(
        f"Which branch in {scope} has the most employees?",
        f"SELECT name FROM branch WHERE city = '{scope}' ORDER BY employees DESC LIMIT 1",
    )


def minimum(rng: random.Random, scope: str, rows: Sequence[Row]) -> Query:
    """The branch of a city that earned least."""
    return Query(
        f"Which branch in {scope} earned least?",
        f"SELECT name FROM branch WHERE city = '{scope}' ORDER BY revenue LIMIT 1",
    )


def top(rng: random.Random, scope: str, rows: Sequence[Row]) -> Query:
    """The three branches of a city that earned most."""
    return Query(
        f"Which three branches in {scope} earned most?",
        f"SELECT name FROM branch WHERE city = '{scope}' ORDER BY revenue DESC LIMIT 3",
    )


def order(rng: random.Random, scope: str, rows: Sequence[Row]) -> Query:
    """The numbers of employees of the five smallest branches of a city, in order."""
    return Query(
        f"How many employees have the five smallest branches in {scope}? List the numbers, the smallest first.",
        f"SELECT employees FROM branch WHERE city = '{scope}' ORDER BY employees LIMIT 5",
        ordered=True,
    )


QUERIES: dict[str, Callable[[random.Random, str, Sequence[Row]], Query]] = {
    maker.__name__.rstrip("_"): maker
    for maker in (filter_, join, count, sum_, mean, group, maximum, minimum, top, order)
}


def _product(rng: random.Random, rows: Sequence[Row]) -> str:
    """A product of one of the branches."""
    return str(rng.choice([row["product"] for row in rows if row.table == "branch"]))


def _connection() -> Any:
    """An empty database in memory: DuckDB's where it is installed, else SQLite's."""
    return importlib.import_module("duckdb").connect() if find_spec("duckdb") else sqlite3.connect(":memory:")


def _told(value: object) -> str:
    """A value as it would be written; a whole number has no decimals."""
    return str(int(value)) if isinstance(value, float) and value.is_integer() else str(value)
