"""What routers are held against, and routers themselves, put together from outcomes that exist."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import pandas as pd


def replay(
    outcomes: pd.DataFrame, choices: Mapping[str, str | Sequence[str]], paid: Sequence[str] = ()
) -> pd.DataFrame:
    """The outcomes of the strategy that a router chose for each question.

    Where a router has run several, the last one's outcome counts, and the columns ``paid`` are the sums over all.
    """
    ran = {q: (c,) if isinstance(c, str) else tuple(c) for q, c in choices.items()}
    chosen = outcomes["question_id"].map({q: c[-1] for q, c in ran.items()})
    rows = outcomes[outcomes["strategy"] == chosen]
    if not paid or all(len(c) == 1 for c in ran.values()):
        return rows
    one = [s in ran.get(q, ()) for q, s in zip(outcomes["question_id"], outcomes["strategy"], strict=True)]
    sums = outcomes[one].groupby("question_id")[list(paid)].agg(lambda column: column.sum(skipna=False))
    return rows.assign(**{c: rows["question_id"].map(sums[c]) for c in paid})


def common(outcomes: pd.DataFrame, candidates: Sequence[str]) -> pd.DataFrame:
    """Rows of the candidates on questions that are scored in all of them."""
    rows = outcomes[outcomes["strategy"].isin(candidates)]
    scored = rows.groupby("question_id")["score"].agg(lambda s: s.notna().sum())
    return rows[rows["question_id"].map(scored) == len(candidates)]


def oracle(rows: pd.DataFrame, cost: str) -> pd.DataFrame:
    """For each question the best-scored row, the cheapest by column ``cost`` of equally good ones."""
    ordered = rows.sort_values(["score", cost], ascending=[False, True], kind="stable")
    return ordered.groupby("question_id", sort=False).head(1)


def best_fixed(rows: pd.DataFrame, cost: str) -> str:
    """The strategy with the highest mean score, the cheaper of equals."""
    means = rows.groupby("strategy", sort=False)[["score", cost]].mean()
    return str(means.sort_values(["score", cost], ascending=[False, True], kind="stable").index[0])


def random_choice(rows: pd.DataFrame) -> pd.DataFrame:
    """The expectation of a uniformly random choice: each question's mean over the candidates.

    An amount that one candidate does not know is not known of the mean either.
    """
    grouped = rows.groupby("question_id", sort=False)
    candidates = rows["strategy"].nunique()
    sums = grouped[list(rows.select_dtypes("number").columns)].sum(min_count=candidates)
    first = grouped[["document_id", "kind"]].first()
    return first.join(sums / candidates).reset_index().assign(error="", truncation="")
