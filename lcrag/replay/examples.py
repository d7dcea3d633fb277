"""Examples for routers, made from a table of outcomes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from lcrag.errors import LcragError
from lcrag.outcomes.amounts import Cache
from lcrag.outcomes.baselines import candidates
from lcrag.outcomes.costs import CostUnit, cost_of, unit_of
from lcrag.outcomes.duplicates import clusters
from lcrag.outcomes.failures import counted_wrong
from lcrag.replay.arms import STRATEGY, with_arms
from lcrag.routers.learning.examples import Examples
from lcrag.routers.learning.features import context_features, signals, text_features
from lcrag.routers.learning.query import Query

if TYPE_CHECKING:
    import pandas as pd

    from embedders.base import Embedder
    from lcrag.cost.price import Price
    from lcrag.cost.prices import Prices


def examples_of(
    outcomes: pd.DataFrame,
    *,
    strategies: Sequence[str] | None = None,
    cost: CostUnit = "tokens",
    cache: Cache = "warm",
    prices: Price | Prices | None = None,
    embedder: Embedder | None = None,
    arms: Sequence[str] = STRATEGY,
) -> Examples:
    """Queries with the scores and costs of every strategy, for fitting and replaying routers.

    A query is a question as one model with one seed answered it; where ``arms`` are models with strategies, as all
    models with one seed answered it.

    Args:
        outcomes: see ``lcrag.outcomes``; ``feature_*`` columns are used where there are any.
        strategies: what routers choose among; by default all strategies of the table that read the documents.
        cost: what costs are counted in; ``auto``: FLOPs where they were recorded for the whole table, else tokens.
        cache: ``cold`` counts every prompt token, ``warm`` leaves out those that were cached.
        prices: dollars by this card of the reader, or by all these cards, in place of those recorded.
        embedder: embeds each query's text, for routers that need it.
        arms: ``("model", "strategy")``: routers choose a model and a strategy at once, named ``model: strategy``.

    Returns:
        The queries that have a row of every strategy. Unknown scores and costs are NaN: ``replay`` keeps such
        queries, ``evaluate`` leaves them out.

    Raises:
        LcragError: fewer than two strategies, an unknown one, no common question, or an unknown unit or cache.
    """
    unit = unit_of(outcomes, cost)
    outcomes = with_arms(outcomes.assign(_cost=cost_of(outcomes, unit, cache, prices)), arms)
    every = list(dict.fromkeys(outcomes["strategy"]))
    names = candidates(outcomes) if strategies is None else list(strategies)
    if missing := [n for n in names if n not in every]:
        raise LcragError(
            f"There is no strategy {missing[0]!r} in the outcomes; there are: {', '.join(every)}."
        )
    if len(names) < 2:
        raise LcragError(
            f"A router chooses among at least two strategies; the outcomes have: {', '.join(every)}."
        )
    rows = outcomes[outcomes["strategy"].isin(names)]
    key = ["question_id", "model", "seed"]
    groups = rows.set_index("strategy").groupby(key, sort=False).indices
    complete = [places for places in groups.values() if len(places) == len(names)]
    if not complete:
        raise LcragError(f"No question was answered by all of: {', '.join(names)}.")
    return _examples(rows, np.array(complete), names, unit, embedder)


def _examples(
    rows: pd.DataFrame, places: Any, names: Sequence[str], unit: str, embedder: Embedder | None
) -> Examples:
    """Examples from rows; ``places`` holds the positions of each query's rows, in any order of strategies."""
    position = {n: i for i, n in enumerate(names)}
    column = rows["strategy"].map(position).to_numpy()
    ordered = np.take_along_axis(places, np.argsort(column[places], axis=1), axis=1)
    scores = rows["score"].to_numpy(float)[ordered]
    costs = rows["_cost"].to_numpy(float)[ordered]
    head = rows.iloc[ordered[:, 0]]
    seen_columns = [c for c in rows.columns if c.startswith(("note_", "signal_"))]
    records = rows[["question", "answer", "declined", *seen_columns]].to_dict("records")
    features = _features(head)
    vectors = _embeddings(head["question"].tolist(), embedder)
    tokens = _column(head, "document_tokens")
    queries = tuple(
        Query(
            id=row.question_id,
            text=row.question,
            kind=row.kind,
            model=row.model,
            tokens=float(tokens[i]),
            features=features[i],
            embedding=vectors.get(row.question),
            signals={n: _signals(records[at]) for n, at in zip(names, ordered[i], strict=True)},
        )
        for i, row in enumerate(head.itertuples())
    )
    lengths = tuple(head["length"]) if "length" in head else _thirds(tokens)
    is_counted = counted_wrong(rows).to_numpy()[ordered]
    groups = tuple(clusters(head)) if "document_group" in head else ()
    return Examples(
        queries,
        tuple(names),
        scores,
        costs,
        tuple(head["document_id"]),
        unit,
        lengths,
        groups,
        is_counted if is_counted.any() else None,
    )


def _signals(row: Mapping[str, Any]) -> dict[str, float]:
    """The signals of an answer; those that the table has a column for are taken from there."""
    computed = signals(row["question"], row["answer"], bool(row["declined"]), _known(row, "note_"))
    return computed | _known(row, "signal_")


def _known(row: Mapping[str, Any], prefix: str) -> dict[str, float]:
    """The values of the columns with this prefix, without it; NaN and None are left out."""
    return {
        k.removeprefix(prefix): v
        for k, v in row.items()
        if k.startswith(prefix) and v is not None and v == v  # not NaN
    }


def _features(head: pd.DataFrame) -> list[dict[str, float]]:
    columns = [c for c in head.columns if c.startswith("feature_")]
    if columns:
        table = head[columns].to_numpy(float)
        names = [c.removeprefix("feature_") for c in columns]
        return [dict(zip(names, row, strict=True)) for row in table.tolist()]
    words = {t: text_features(t) for t in head["question"].unique()}
    tokens, window = _column(head, "document_tokens"), _column(head, "window")
    return [
        words[q] | context_features(t, w) for q, t, w in zip(head["question"], tokens, window, strict=True)
    ]


def _column(frame: pd.DataFrame, name: str) -> Any:
    return frame[name].to_numpy(float) if name in frame else np.full(len(frame), np.nan)


def _embeddings(texts: Sequence[str], embedder: Embedder | None) -> dict[str, Any]:
    if embedder is None:
        return {}
    if not all(text.strip() for text in texts):
        raise LcragError(
            "A question of the outcomes has no text, and a router embeds it: leave out the question or the router."
        )
    distinct = list(dict.fromkeys(texts))
    return dict(zip(distinct, embedder.embed(distinct, "query").vectors, strict=True))


def _thirds(tokens: Any) -> tuple[str, ...]:
    """Short, middle and long documents, where no nominal length is known."""
    if np.isnan(tokens).any():
        return ()
    low, high = np.quantile(tokens, [1 / 3, 2 / 3])
    return tuple("short" if t <= low else "middle" if t <= high else "long" for t in tokens)
