"""Questions on tables that are told in sentences, row by row."""

from __future__ import annotations

import random
from typing import Literal

from lcrag.datasets.base import Dataset
from lcrag.generators.budget import Tokens, check, chosen, counter, fit, lengths_of
from lcrag.generators.drafts import Draft, Part, Prompt, gather
from lcrag.generators.page import Page, Supply
from lcrag.generators.table_queries import QUERIES, Query, answered
from lcrag.generators.table_rows import Row, rows_of
from lcrag.schema import Task

TITLE = "Told tables"
Position = Literal["uniform", "begin", "end", "middle", "bimodal"]
INSTRUCTION = "Write the answer and nothing else; several items are separated by commas."
TEMPLATE = (
    "You'll be given a set of sentences to read through carefully. Once you've reviewed them, I'll ask you a question "
    "related to the information in those sentences.\n\n**Input:**\n- **Sentences:**\n```\n{context}\n```\n\n"
    "- **Question:**\n```\n{question}\n```\n\n" + INSTRUCTION
)


def generate_told_tables(
    queries: tuple[str, ...] = (),
    tokens: Tokens = 4096,
    count: int = 4,
    information: int = 20,
    density: float = 0,
    position: Position = "uniform",
    tokenizer: str = "",
    seed: int = 0,
    prompt: Prompt = "lcrag",
) -> Dataset:
    """Queries on tables like HoloBench's (Maekawa et al. 2024, arXiv 2410.11996): every row is a sentence.

    Two tables, of branches and of their cities, are told in sentences. The rows that a query is about are few or many
    among others; DuckDB answers it on the rows that stand in the text, or SQLite where duckdb is not installed: the
    queries mean the same to both. The rows that it is about are the evidence.

    Args:
        queries: Kinds of queries: ``filter``, ``join``, ``count``, ``sum``, ``mean``, ``group``, ``maximum``,
            ``minimum``, ``top``, ``order``; empty for all.
        tokens: One or several lengths of the prompt, its question and room for the answer included.
        count: Questions of each kind and length.
        information: Rows that the query is about.
        density: Their share of the text in hundredths instead, so that a longer text has more; 0 for ``information``.
        position: Where those rows stand: everywhere (``uniform``), at the ``begin``, the ``end``, in the ``middle``, or
            half at each end (``bimodal``).
        tokenizer: A Hugging Face name or folder, ``smollm2``, or empty for an estimate from characters.
        seed: Seeds the whole dataset.
        prompt: ``official`` asks in HoloBench's frame, without its reasoning.

    Raises:
        LcragError: there is no such kind, a number is out of range, or the rows do not fit.

    Differs from the paper: tables and queries of our own; gold values are found by strings, each counts as much as any
    other, and not labelled by a model; as there, naming more than is asked for costs nothing.
    """
    kinds, counted = chosen(queries, tuple(QUERIES), TITLE, "query"), counter(tokenizer)
    check(
        TITLE,
        ("count", count, 1, 10_000),
        ("information", information, 5, 100_000),
        ("density", density, 0, 95),
    )
    parts = list[Part]()
    for length in lengths_of(tokens, TITLE):
        for kind in kinds:
            for i in range(count):
                rng = random.Random(f"{seed}/told_tables/{kind}/{length}/{i}")
                wanted = information
                if density:  # a row has 25 tokens or so
                    wanted = max(5, round(density / 100 * length / 25))
                scope, relevant, others = rows_of(rng, wanted, join=kind == "join")
                query = QUERIES[kind](rng, scope, relevant)
                draft = _draft(kind, query, relevant, length, density, position)
                places = _places(rng, len(relevant), position)
                page = fit(
                    lambda n, r=relevant, p=places, o=others: _page(r, p, o, n),  # type: ignore[misc]
                    length - draft.overhead(counted),
                    counted,
                    f"{TITLE}, {kind}",
                )
                parts.append(Part(f"{kind}-{length}-{i + 1}", page, (draft,)))
    return gather("told_tables", prompt, parts)


def _draft(kind: str, query: Query, relevant: list[Row], length: int, density: float, position: str) -> Draft:
    answers = answered(query.sql, relevant)
    if query.ordered:
        answers = (f"[{', '.join(answers)}]",)
    task = Task(
        kind,
        instruction=INSTRUCTION,
        max_tokens=32 + 12 * len(answers),
        template=TEMPLATE,
        metric="exact_order" if query.ordered else "keyword_recall",
        average=("task",),
    )
    metadata = {
        "length": length,
        "rows": len(relevant),
        "density": density,
        "position": position,
        "sql": query.sql,
    } | ({} if query.ordered else {"keywords": list(answers)})
    return Draft(query.text, task, answers, tuple(row.key for row in relevant), metadata=metadata)


def _places(rng: random.Random, count: int, position: Position) -> list[float]:
    """The part of the other rows that stands before each row."""
    if position == "begin":
        return [0.0] * count
    if position == "end":
        return [1.0] * count
    if position == "middle":
        return [0.5] * count
    if position == "bimodal":
        return [float(i % 2) for i in range(count)]
    return [rng.random() for _ in range(count)]


def _page(relevant: list[Row], places: list[float], others: Supply[Row], count: int) -> Page:
    """All rows as sentences, the relevant ones at their places."""
    rows = others.first(count)
    ranked = [
        (round(p * count) - 0.5, i, row) for i, (p, row) in enumerate(zip(places, relevant, strict=True))
    ]
    ranked += [(float(i), len(relevant) + i, row) for i, row in enumerate(rows)]
    page, keys = Page(), {row.key for row in relevant}
    for _, _, row in sorted(ranked, key=lambda r: r[:2]):
        page.write(row.sentence, row.key if row.key in keys else None, after="\n")
    return page
