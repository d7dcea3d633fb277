"""What routers are compared with: the oracle, the best fixed strategy, a random choice.

On arrays of shape (queries, strategies), and on tables of outcomes by the same functions.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from lcrag.errors import LcragError

Matrix = NDArray[np.float64]

ORACLE, BEST_FIXED, RANDOM = "oracle", "best fixed", "random (mean)"  # names of the rows in every table
RESERVED = re.compile(
    r"oracle|random( \(mean\))?|best[ _]fixed( \(.*\))?", re.DOTALL
)  # names of rows, and what is meant by them
CLOSED_BOOK = "closed_book"  # the strategy's name in tables without a column `closed_book`


def check_names(strategies: Iterable[str]) -> None:
    """Refuse a strategy that would replace a baseline's row in tables.

    Raises:
        LcragError: names the strategy.
    """
    for name in strategies:
        if RESERVED.fullmatch(name):
            raise LcragError(f"A strategy is named {name!r}, as a baseline is: give it another `name`.")


def candidates(outcomes: pd.DataFrame) -> list[str]:
    """The strategies that routers and baselines choose among: all that read the documents, in the table's order."""
    marked = outcomes.get("closed_book", outcomes["strategy"].eq(CLOSED_BOOK))
    closed = set(outcomes.loc[marked.eq(True), "strategy"])
    return [s for s in dict.fromkeys(outcomes["strategy"]) if s not in closed]


def oracle(scores: Matrix, costs: Matrix) -> NDArray[np.int64]:
    """Index of each query's best strategy, shape (queries,): of equal scores the cheaper, then the first.

    A NaN score is below every other score; a NaN cost is above every other cost.
    """
    return np.lexsort((costs, -scores), axis=1)[:, 0]


def best_fixed(scores: Matrix, costs: Matrix) -> int:
    """Index of the strategy with the highest mean score: of equals the one of lower mean cost, then the first.

    Means leave NaN out; a strategy without any score comes last.
    """
    return int(np.lexsort((known_means(costs), -known_means(scores)))[0])


def random_choice(values: Matrix) -> Matrix:
    """The expectation of a uniformly random choice for each query, shape (queries,); NaN where one value is NaN."""
    return np.asarray(values.mean(1))


def known_means(values: Matrix) -> Matrix:
    """The mean of each column without its NaN; NaN for a column of NaN."""
    return np.array(
        [column[~np.isnan(column)].mean() if (~np.isnan(column)).any() else np.nan for column in values.T]
    )


def common(outcomes: pd.DataFrame, strategies: Sequence[str]) -> pd.DataFrame:
    """Rows of the strategies on the questions that are scored in all of them."""
    rows = outcomes[outcomes["strategy"].isin(strategies)]
    scored = rows.groupby("question_id")["score"].count()  # without NaN
    return rows[rows["question_id"].map(scored) == len(strategies)]


def baseline_rows(
    rows: pd.DataFrame, strategies: Sequence[str], cost: str = "cost"
) -> dict[str, pd.DataFrame]:
    """The outcomes of oracle, best fixed and random, by the name of the row that shows them.

    Args:
        rows: one row for each question and strategy, all scored (see ``common``).
        strategies: what is chosen among.
        cost: the column that decides between equal scores.
    """
    column = rows["strategy"].map({s: i for i, s in enumerate(strategies)}).to_numpy()
    question, _ = pd.factorize(rows["question_id"])
    places = np.lexsort((column, question)).reshape(-1, len(strategies))
    scores, costs = (rows[c].to_numpy(float)[places] for c in ("score", cost))
    best = best_fixed(scores, costs)
    first = rows.iloc[places[:, 0]]
    slices = [c for c in rows.columns if c.startswith("slice_")]
    means = {c: random_choice(rows[c].to_numpy(float)[places]) for c in rows.select_dtypes("number")}
    return {
        ORACLE: rows.iloc[places[np.arange(len(places)), oracle(scores, costs)]],
        f"{BEST_FIXED} ({strategies[best]})": rows.iloc[places[:, best]],
        RANDOM: pd.concat(
            [
                first[["question_id", "document_id", "kind", *slices]].assign(error="", truncation=""),
                pd.DataFrame(means, index=first.index),
            ],
            axis=1,
        ),
    }


def routed_rows(
    outcomes: pd.DataFrame,
    choices: Mapping[str, str | Sequence[str]],
    amounts: Sequence[str] = (),
    largest: Sequence[str] = (),
) -> pd.DataFrame:
    """The outcomes of the strategy that a router chose for each question.

    Args:
        outcomes: rows of all strategies that were run.
        choices: by question the strategy, or all that the router ran; the last one answers.
        amounts: columns that are summed over all strategies that the router ran.
        largest: columns of which the largest value among them counts.
    """
    ran = {q: (c,) if isinstance(c, str) else tuple(c) for q, c in choices.items()}
    chosen = outcomes["question_id"].map({q: c[-1] for q, c in ran.items()})
    rows = outcomes[outcomes["strategy"] == chosen]
    if not amounts or all(len(c) == 1 for c in ran.values()):
        return rows
    was_run = [
        s in ran.get(q, ()) for q, s in zip(outcomes["question_id"], outcomes["strategy"], strict=True)
    ]
    groups = outcomes[was_run].groupby("question_id")
    sums = groups[list(amounts)].agg(lambda c: c.sum(skipna=False))
    maxima = groups[list(largest)].agg(lambda c: c.max(skipna=False))
    columns = {c: sums[c] for c in amounts} | {c: maxima[c] for c in largest}
    return rows.assign(**{c: rows["question_id"].map(column) for c, column in columns.items()})
