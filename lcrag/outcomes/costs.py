"""What each outcome cost, computed from the ledger's columns."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Literal, get_args

import numpy as np
import pandas as pd

from lcrag.cost.price import Price, dollars
from lcrag.cost.prices import Prices
from lcrag.errors import LcragError
from lcrag.outcomes.versions import current
from lcrag.schema import MODEL_ROLES, READER_ROLES, ROLES, Role

Unit = Literal["tokens", "flops", "dollars"]
CostUnit = Literal["auto", "tokens", "flops", "dollars"]
Cache = Literal["warm", "cold"]

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
MODELS: dict[str, tuple[Role, ...]] = {"embedder": ("embed", "index"), "reranker": ("rerank",)}
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
    return "flops" if len(answered) and _of_reader(answered, "flops").notna().all() else "tokens"


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
        return _sum(table, ("read", "route"), f"{name}_tokens")

    new = {name: read_or_routed(name) for name in ("prompt", "cached", "completion")} | {
        "build": _sum(table, ("build", "index"), "prompt_tokens")
        + _amount(table, "build", "completion_tokens"),
        **{name: _of_reader(table, name) + _of_models(table, name) for name in ("flops", "dollars")},
        "seconds": _sum(table, [role for role in ROLES if role != "judge"], "seconds"),
        **{
            f"cold_{name}": _of_reader_cold(table, name) + _of_models(table, name)
            for name in ("flops", "dollars")
        },
        "cost": cost_of(outcomes, unit),
        "foreign_cached": _of_reader(table, "foreign_cached_tokens"),
        "kv_bytes": pd.concat([_amount(table, r, "kv_bytes") for r in READER_ROLES], axis=1).max(
            axis=1, skipna=False
        ),
        **{column: _is_left_out(table, *key).astype(float) for key, column in LEFT_OUT.items()},
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
    count = {"tokens": _computed_tokens, "dollars": _dollars, "flops": _flops}[unit]
    costs = pd.Series(float("nan"), outcomes.index)
    costs[answered] = count(
        outcomes[answered], cache, Prices.of(prices)
    ).to_numpy()  # an index may have duplicates
    return costs


def _has_failed(outcomes: pd.DataFrame) -> pd.Series[bool]:
    return outcomes["error"].fillna("") != ""


def _amount(outcomes: pd.DataFrame, role: str, name: str) -> Any:
    return pd.to_numeric(outcomes[f"{role}_{name}"])


def _sum(outcomes: pd.DataFrame, roles: Sequence[str], name: str) -> Any:
    return sum(_amount(outcomes, role, name) for role in roles)


def _of_reader(outcomes: pd.DataFrame, name: str) -> Any:
    """Reading, routing and the share of what the reader built."""
    return _sum(outcomes, READER_ROLES, name)


def _of_reader_cold(outcomes: pd.DataFrame, name: str) -> Any:
    """What the reader would have taken without any cache."""
    return _of_reader(outcomes, name) + _of_reader(outcomes, f"saved_{name}")


def _recorded(outcomes: pd.DataFrame, name: str, cache: Cache) -> pd.Series[float]:
    """The reader's amount as recorded, with or without the cache."""
    of_reader = _of_reader if cache == "warm" else _of_reader_cold
    return of_reader(outcomes, name).astype(float)  # type: ignore[no-any-return]


def _is_doubtful(outcomes: pd.DataFrame, name: str, cache: Cache) -> Any:
    """Whether cached tokens saved nothing, as in a table that got its cached tokens later."""
    saved = _of_reader(outcomes, f"saved_{name}")
    return saved.eq(0) & _of_reader(outcomes, "cached_tokens").gt(0) & (cache == "cold")


def _of_models(outcomes: pd.DataFrame, name: str) -> Any:
    """What is known of embedder and reranker."""
    return sum(_amount(outcomes, role, name).fillna(0.0) for role in MODEL_ROLES)


def _is_left_out(outcomes: pd.DataFrame, name: str, model: str) -> Any:
    """Whether a model was called and its amount is not known."""
    return _sum(outcomes, MODELS[model], "calls").gt(0) & _sum(outcomes, MODELS[model], name).isna()


def _tokens(rows: pd.DataFrame) -> tuple[Any, Any, Any]:
    """Prompt tokens, those of them that were cached, and tokens written."""
    prompt, cached, completion = (_of_reader(rows, f"{n}_tokens") for n in ("prompt", "cached", "completion"))
    return prompt, cached, completion


def _computed_tokens(rows: pd.DataFrame, cache: Cache, prices: Prices) -> pd.Series[float]:
    prompt, cached, completion = _tokens(rows)
    return (prompt - cached * (cache == "warm") + completion).astype(float)  # type: ignore[no-any-return]


def _dollars(rows: pd.DataFrame, cache: Cache, prices: Prices) -> pd.Series[float]:
    prompt, cached, completion = _tokens(rows)
    amounts = recorded = _recorded(rows, "dollars", cache)
    if prices.reader is not None:
        amounts = _unknown(rows)
    unpriced = (amounts.isna() | _is_doubtful(rows, "dollars", cache)) & (
        prompt + cached + completion
    ).notna()
    seconds = _sum(rows, ("read", "route", "build"), "seconds") if cache == "warm" else _unknown(rows)
    hits = cached * (cache == "warm")
    columns = [c[unpriced] for c in (rows["model"], prompt, hits, completion, seconds)]
    priced = [dollars(m, p, c, o, prices.reader, s) for m, p, c, o, s in zip(*columns, strict=True)]
    amounts = amounts.where(~unpriced)
    amounts[unpriced] = np.array(priced, float)
    if prices.reader is None:
        amounts = amounts.fillna(recorded)
    return amounts + sum(_dollars_of(rows, model, prices) for model in MODELS)  # type: ignore[no-any-return]


def _dollars_of(rows: pd.DataFrame, model: str, prices: Prices) -> Any:
    """Dollars of embedder or reranker by its own card, else as recorded where they are known."""
    card: Price | None = getattr(prices, model)
    if card is None:
        return sum(_amount(rows, role, "dollars").fillna(0.0) for role in MODELS[model])
    tokens, seconds = (_sum(rows, MODELS[model], name) for name in ("prompt_tokens", "seconds"))
    return pd.Series(
        [card.dollars(t, 0, 0, seconds=s) for t, s in zip(tokens, seconds, strict=True)], rows.index, float
    ).fillna(0.0)


def _unknown(rows: pd.DataFrame) -> pd.Series[float]:
    return pd.Series(float("nan"), rows.index)


def _flops(rows: pd.DataFrame, cache: Cache, prices: Prices) -> pd.Series[float]:
    return _reader_flops(rows, cache) + _of_models(rows, "flops")  # type: ignore[no-any-return]


def _reader_flops(rows: pd.DataFrame, cache: Cache) -> pd.Series[float]:
    from lcrag.cost.config import known_models, short_name
    from lcrag.cost.model import ModelSpec

    prompt, cached, completion = _tokens(rows)
    amounts = _recorded(rows, "flops", cache).where(~_is_doubtful(rows, "flops", cache))
    if amounts.notna().all():
        return amounts  # type: ignore[no-any-return]
    shapes = {m: known_models().get(short_name(m)) for m in rows["model"].unique()}
    specs = {m: ModelSpec.from_config(shape) for m, shape in shapes.items() if shape}
    uncounted = amounts.isna() & rows["model"].isin(list(specs)) & (prompt + cached + completion).notna()
    hits = cached * (cache == "warm")
    columns = [c[uncounted] for c in (rows["model"], prompt, hits, completion)]
    counted = [specs[m].flops(p, c, o) for m, p, c, o in zip(*columns, strict=True)]
    amounts[uncounted] = np.array(counted, float)
    return amounts  # type: ignore[no-any-return]
