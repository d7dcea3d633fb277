"""What each outcome cost, computed from the ledger's columns."""

from __future__ import annotations

from typing import Any, Literal, get_args

import pandas as pd

from lcrag.cost.price import Price
from lcrag.cost.prices import Prices
from lcrag.errors import LcragError
from lcrag.outcomes.amounts import (
    MODELS,
    Cache,
    amount,
    is_left_out,
    of_models,
    of_reader,
    of_reader_cold,
    sum_of,
)
from lcrag.outcomes.pricing import in_dollars, in_flops, in_tokens
from lcrag.outcomes.versions import current
from lcrag.schema import READER_ROLES, ROLES

Unit = Literal["tokens", "flops", "dollars"]
CostUnit = Literal["auto", "tokens", "flops", "dollars"]

UNIT_NAMES: dict[str, str] = {
    "tokens": "tokens",
    "flops": "FLOPs",
    "dollars": "dollars",
}  # as tables print them
COLD = ("cold_flops", "cold_dollars")
AMOUNTS = (
    "prompt",
    "cached",
    "completion",
    "build",
    "flops",
    "seconds",
    "dollars",
    "cost",
    *COLD,
)  # they add up
LEFT_OUT = {  # columns that mark rows whose amount leaves out a model of which it is not known
    (amount, model): f"{amount}_without_{model}" for amount in ("flops", "dollars") for model in MODELS
}


def unit_of(outcomes: pd.DataFrame, cost: CostUnit = "auto") -> Unit:
    """The unit that costs of this table are counted in.

    Args:
        outcomes: rows with the ledger's columns.
        cost: a unit, or ``auto``: FLOPs where the reader's were recorded for every row that did not fail, else tokens.

    Raises:
        LcragError: an unknown word.
    """
    if cost not in get_args(CostUnit):
        raise LcragError(f"Costs are counted in tokens, flops or dollars, or auto, not in {cost!r}.")
    if cost != "auto":
        return cost
    answered = current(outcomes[~_has_failed(outcomes)])
    return "flops" if len(answered) and of_reader(answered, "flops").notna().all() else "tokens"


def with_costs(outcomes: pd.DataFrame, unit: Unit) -> pd.DataFrame:
    """The table with the columns ``AMOUNTS``, ``kv_bytes`` and ``LEFT_OUT``: what each question took.

    ``prompt``, ``cached`` and ``completion`` are the reader's tokens for reading and routing, ``build`` the tokens of
    reader and embedder in the question's share of building. ``flops`` and ``dollars`` are the reader's, and those of
    embedder and reranker where they are known; ``LEFT_OUT`` marks where they are not. ``seconds`` are those of all
    roles but ``judge``: the latency. ``kv_bytes`` is the reader's largest KV cache. ``cost`` is in ``unit``.
    ``cold_flops`` and ``cold_dollars`` are as if no prompt token had been cached. ``foreign_cached`` are tokens that
    the server reused from prompts of others.

    A failed row has no amounts: it would have cost more, had it not failed.
    """
    table = current(outcomes)

    def read_or_routed(name: str) -> Any:
        return sum_of(table, ("read", "route"), f"{name}_tokens")

    new = {name: read_or_routed(name) for name in ("prompt", "cached", "completion")} | {
        "build": sum_of(table, ("build", "index"), "prompt_tokens")
        + amount(table, "build", "completion_tokens"),
        **{name: of_reader(table, name) + of_models(table, name) for name in ("flops", "dollars")},
        "seconds": sum_of(table, [role for role in ROLES if role != "judge"], "seconds"),
        **{
            f"cold_{name}": of_reader_cold(table, name) + of_models(table, name)
            for name in ("flops", "dollars")
        },
        "cost": cost_of(outcomes, unit),
        "foreign_cached": of_reader(table, "foreign_cached_tokens"),
        "kv_bytes": pd.concat([amount(table, r, "kv_bytes") for r in READER_ROLES], axis=1).max(
            axis=1, skipna=False
        ),
        **{column: is_left_out(table, *key).astype(float) for key, column in LEFT_OUT.items()},
        "score": pd.to_numeric(table["score"]),
        "error": table["error"].fillna(""),
    }
    frame = pd.concat([table.drop(columns=[c for c in new if c in table]), pd.DataFrame(new)], axis=1)
    frame.loc[_has_failed(outcomes), [*AMOUNTS, "kv_bytes"]] = float("nan")
    return frame


def cost_of(
    outcomes: pd.DataFrame, unit: Unit = "tokens", cache: Cache = "warm", prices: Price | Prices | None = None
) -> pd.Series[float]:
    """What each row cost: reading, routing and its share of building.

    FLOPs and dollars include those of embedder and reranker where they are known; tokens are the reader's.

    Args:
        outcomes: rows with the ledger's columns.
        unit: ``tokens`` are prompt tokens that were computed and tokens that were written. ``flops`` and
            ``dollars`` are those recorded; where there are none, the reader's shape and published prices give them,
            as if the row's calls had been one.
        cache: ``warm`` as recorded; ``cold`` as if no prompt token had been cached.
        prices: dollars by this card of the reader, or by all these cards, in place of those recorded.

    Returns:
        A number for each row, NaN where it failed and where the cost is not known.

    Raises:
        LcragError: an unknown unit or cache.
    """
    if unit not in get_args(Unit):
        raise LcragError(f"Costs are counted in tokens, flops or dollars, not in {unit!r}.")
    if cache not in get_args(Cache):
        raise LcragError(f"A cache is warm or cold, not {cache!r}.")
    outcomes = current(outcomes)
    answered = ~_has_failed(outcomes)
    count = {"tokens": in_tokens, "dollars": in_dollars, "flops": in_flops}[unit]
    costs = pd.Series(float("nan"), outcomes.index)
    costs[answered] = count(
        outcomes[answered], cache, Prices.of(prices)
    ).to_numpy()  # an index may have duplicates
    return costs


def _has_failed(outcomes: pd.DataFrame) -> pd.Series[bool]:
    return outcomes["error"].fillna("") != ""
