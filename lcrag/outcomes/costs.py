"""What a question took, out of the ledger's columns."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal, get_args

import pandas as pd

from lcrag.errors import LcragError

if TYPE_CHECKING:
    from lcrag.cost.price import Price

Unit = Literal["tokens", "dollars", "flops"]
Cache = Literal["warm", "cold"]

AMOUNTS = ("prompt", "cached", "completion", "build", "flops", "seconds", "dollars", "cost")


def with_costs(outcomes: pd.DataFrame) -> tuple[pd.DataFrame, str]:
    """Add what a question took: reading, routing and its share of what the reader built.

    An embedder's tokens are shown under ``build``, but are no part of FLOPs, dollars and ``cost``, which
    are the reader's: where nothing was written while building, only an embedder was at work.
    """

    def asked(name: str) -> Any:
        return _amount(outcomes, "read", f"{name}_tokens") + _amount(outcomes, "route", f"{name}_tokens")

    frame = outcomes.assign(
        **{name: asked(name) for name in ("prompt", "cached", "completion")},
        build=_amount(outcomes, "build", "prompt_tokens") + _amount(outcomes, "build", "completion_tokens"),
        **{name: _total(outcomes, name) for name in ("flops", "seconds", "dollars")},
        score=pd.to_numeric(outcomes["score"]),
        error=outcomes["error"].fillna(""),
    )
    answered = frame["error"] == ""
    cost_is = "flops" if frame.loc[answered, "flops"].notna().all() and answered.any() else "tokens"
    if cost_is == "flops":
        frame["cost"] = frame["flops"]
    else:
        prompt, cached, completion = _tokens(outcomes)
        frame["cost"] = prompt - cached + completion
    frame.loc[~answered, list(AMOUNTS)] = float("nan")  # where it failed, it would have cost more
    return frame, cost_is


def cost_of(
    outcomes: pd.DataFrame, unit: Unit = "tokens", cache: Cache = "warm", prices: Price | None = None
) -> pd.Series[float]:
    """What each row cost, as ``with_costs`` counts it: reading, routing and the reader's share of building.

    Args:
        outcomes: rows with the ledger's columns.
        unit: ``tokens`` are prompt tokens that were computed and tokens that were written.
        cache: ``warm`` as recorded; ``cold`` as if no prompt token had been cached.
        prices: dollars by this card, in place of those recorded. Where none were recorded, published prices count.

    Returns:
        A number for each row, NaN where it failed and where the cost is not known.

    Raises:
        LcragError: an unknown unit or cache.
    """
    if unit not in get_args(Unit):
        raise LcragError(f"Costs are counted in tokens, dollars or flops, not in {unit!r}.")
    if cache not in get_args(Cache):
        raise LcragError(f"A cache is warm or cold, not {cache!r}.")
    rows = outcomes[outcomes["error"].fillna("") == ""]
    counted = {"tokens": _computed_tokens, "dollars": _dollars, "flops": _flops}[unit]
    return counted(rows, cache, prices).reindex(outcomes.index)


def _amount(outcomes: pd.DataFrame, role: str, name: str) -> Any:
    return pd.to_numeric(outcomes[f"{role}_{name}"])


def _total(outcomes: pd.DataFrame, name: str) -> Any:
    """Reading, routing and the share of what the reader built."""
    wrote = _amount(outcomes, "build", "completion_tokens") > 0
    built = _amount(outcomes, "build", name).where(wrote, 0.0)
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
    recorded = _total(rows, "dollars").astype(float)
    if cache == "cold" or prices is not None:
        recorded[:] = float("nan")
    todo = recorded.isna() & (prompt + cached + completion).notna()
    seconds = _total(rows, "seconds") if cache == "warm" else pd.Series(float("nan"), rows.index)
    hits = cached * (cache == "warm")
    columns = [c[todo] for c in (rows["model"], prompt, hits, completion, seconds)]
    made = [dollars(m, p, c, o, prices, s) for m, p, c, o, s in zip(*columns, strict=True)]
    recorded[todo] = pd.Series(made, recorded.index[todo], float)
    return recorded  # type: ignore[no-any-return]


def _flops(rows: pd.DataFrame, cache: Cache, prices: Price | None) -> pd.Series[float]:
    """Recorded FLOPs; where there are none, and for a cold cache, by the model's shape."""
    from lcrag.cost.config import known_models, short_name
    from lcrag.cost.model import ModelSpec

    shapes = {m: known_models().get(short_name(m)) for m in rows["model"].unique()}
    specs = {m: ModelSpec.from_config(shape) for m, shape in shapes.items() if shape}
    prompt, cached, completion = _tokens(rows)
    known = rows["model"].isin(list(specs)) & (prompt + cached + completion).notna()
    hits = cached * (cache == "warm")
    columns = [c[known] for c in (rows["model"], prompt, hits, completion)]
    made = [specs[m].flops(p, c, o) for m, p, c, o in zip(*columns, strict=True)]
    counted = pd.Series(made, rows.index[known], float).reindex(rows.index)
    return _total(rows, "flops").astype(float).fillna(counted) if cache == "warm" else counted
