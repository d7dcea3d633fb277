"""What each outcome cost, computed from the ledger's columns."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal, get_args

import numpy as np
import pandas as pd

from lcrag.errors import LcragError

if TYPE_CHECKING:
    from lcrag.cost.price import Price

Unit = Literal["tokens", "flops", "dollars"]
CostUnit = Literal["auto", "tokens", "flops", "dollars"]
Cache = Literal["warm", "cold"]

UNIT_NAMES: dict[str, str] = {
    "tokens": "tokens",
    "flops": "FLOPs",
    "dollars": "dollars",
}  # as tables print them
AMOUNTS = ("prompt", "cached", "completion", "build", "flops", "seconds", "dollars", "cost")


def unit_of(outcomes: pd.DataFrame, cost: CostUnit = "auto") -> Unit:
    """The unit that costs of this table are counted in.

    Args:
        outcomes: rows with the ledger's columns.
        cost: a unit, or ``auto``: FLOPs where they were recorded for every row that did not fail, else tokens.

    Raises:
        LcragError: an unknown word.
    """
    if cost not in get_args(CostUnit):
        raise LcragError(f"Costs are counted in tokens, flops or dollars, or auto, not in {cost!r}.")
    if cost != "auto":
        return cost
    answered = outcomes[~_has_failed(outcomes)]
    return "flops" if len(answered) and _total(answered, "flops").notna().all() else "tokens"


def with_costs(outcomes: pd.DataFrame, unit: Unit) -> pd.DataFrame:
    """The table with the columns ``AMOUNTS``: what each question took for reading, routing and its share of building.

    An embedder's tokens are counted under ``build``, but not in FLOPs, dollars and ``cost``, which are the
    reader's: where nothing was written while building, only an embedder was at work. ``cost`` is in ``unit``. A
    failed row has no amounts: it would have cost more, had it not failed.
    """

    def read_or_routed(name: str) -> Any:
        return _amount(outcomes, "read", f"{name}_tokens") + _amount(outcomes, "route", f"{name}_tokens")

    frame = outcomes.assign(
        **{name: read_or_routed(name) for name in ("prompt", "cached", "completion")},
        build=_amount(outcomes, "build", "prompt_tokens") + _amount(outcomes, "build", "completion_tokens"),
        **{name: _total(outcomes, name) for name in ("flops", "seconds", "dollars")},
        cost=cost_of(outcomes, unit),
        score=pd.to_numeric(outcomes["score"]),
        error=outcomes["error"].fillna(""),
    )
    frame.loc[_has_failed(outcomes), list(AMOUNTS)] = float("nan")
    return frame


def cost_of(
    outcomes: pd.DataFrame, unit: Unit = "tokens", cache: Cache = "warm", prices: Price | None = None
) -> pd.Series[float]:
    """What each row cost: reading, routing and the reader's share of building.

    Args:
        outcomes: rows with the ledger's columns.
        unit: ``tokens`` are prompt tokens that were computed and tokens that were written. ``flops`` and
            ``dollars`` are those recorded; where there are none, the model's shape and published prices give them.
        cache: ``warm`` as recorded; ``cold`` as if no prompt token had been cached.
        prices: dollars by this card, in place of those recorded.

    Returns:
        A number for each row, NaN where it failed and where the cost is not known.

    Raises:
        LcragError: an unknown unit or cache.
    """
    if unit not in get_args(Unit):
        raise LcragError(f"Costs are counted in tokens, flops or dollars, not in {unit!r}.")
    if cache not in get_args(Cache):
        raise LcragError(f"A cache is warm or cold, not {cache!r}.")
    answered = ~_has_failed(outcomes)
    count = {"tokens": _computed_tokens, "dollars": _dollars, "flops": _flops}[unit]
    costs = pd.Series(float("nan"), outcomes.index)
    costs[answered] = count(outcomes[answered], cache, prices).to_numpy()  # an index may have duplicates
    return costs


def _has_failed(outcomes: pd.DataFrame) -> pd.Series[bool]:
    return outcomes["error"].fillna("") != ""


def _amount(outcomes: pd.DataFrame, role: str, name: str) -> Any:
    return pd.to_numeric(outcomes[f"{role}_{name}"])


def _total(outcomes: pd.DataFrame, name: str) -> Any:
    """Reading, routing and the share of what the reader built."""
    reader_built = _amount(outcomes, "build", "completion_tokens") > 0
    built = _amount(outcomes, "build", name).where(reader_built, 0.0)
    return _amount(outcomes, "read", name) + _amount(outcomes, "route", name) + built


def _tokens(rows: pd.DataFrame) -> tuple[Any, Any, Any]:
    """Prompt tokens, those of them that were cached, and tokens written."""
    prompt, cached, completion = (_total(rows, f"{n}_tokens") for n in ("prompt", "cached", "completion"))
    return prompt, cached, completion


def _computed_tokens(rows: pd.DataFrame, cache: Cache, prices: Price | None) -> pd.Series[float]:
    prompt, cached, completion = _tokens(rows)
    return (prompt - cached * (cache == "warm") + completion).astype(float)  # type: ignore[no-any-return]


def _dollars(rows: pd.DataFrame, cache: Cache, prices: Price | None) -> pd.Series[float]:
    from lcrag.cost.price import dollars

    prompt, cached, completion = _tokens(rows)
    amounts = _total(rows, "dollars").astype(float)
    if cache == "cold" or prices is not None:
        amounts[:] = float("nan")
    unpriced = amounts.isna() & (prompt + cached + completion).notna()
    seconds = _total(rows, "seconds") if cache == "warm" else pd.Series(float("nan"), rows.index)
    hits = cached * (cache == "warm")
    columns = [c[unpriced] for c in (rows["model"], prompt, hits, completion, seconds)]
    priced = [dollars(m, p, c, o, prices, s) for m, p, c, o, s in zip(*columns, strict=True)]
    amounts[unpriced] = np.array(priced, float)
    return amounts  # type: ignore[no-any-return]


def _flops(rows: pd.DataFrame, cache: Cache, prices: Price | None) -> pd.Series[float]:
    from lcrag.cost.config import known_models, short_name
    from lcrag.cost.model import ModelSpec

    prompt, cached, completion = _tokens(rows)
    amounts = _total(rows, "flops").astype(float)
    if cache == "cold":
        amounts[:] = float("nan")
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
