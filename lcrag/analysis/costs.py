"""What a question took, out of the ledger's columns."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal

import pandas as pd

from lcrag.errors import LcragError

if TYPE_CHECKING:
    from lcrag.cost.price import PriceCard

Unit = Literal["tokens", "dollars", "flops"]
Cache = Literal["warm", "cold"]

AMOUNTS = ("prompt", "cached", "completion", "build", "flops", "seconds", "dollars", "cost")


def with_costs(outcomes: pd.DataFrame) -> tuple[pd.DataFrame, str]:
    """Add what a question took: reading, routing and its share of what the reader built.

    An embedder's tokens are shown under ``build``, but are no part of FLOPs, dollars and ``cost``, which
    are the reader's: where nothing was written while building, only an embedder was at work.
    """

    def amount(role: str, name: str) -> Any:
        return pd.to_numeric(outcomes[f"{role}_{name}"])

    def total(name: str) -> Any:
        wrote = amount("build", "completion_tokens") > 0
        return amount("read", name) + amount("route", name) + amount("build", name).where(wrote, 0.0)

    def asked(name: str) -> Any:
        return amount("read", f"{name}_tokens") + amount("route", f"{name}_tokens")

    frame = outcomes.assign(
        **{name: asked(name) for name in ("prompt", "cached", "completion")},
        build=amount("build", "prompt_tokens") + amount("build", "completion_tokens"),
        **{name: total(name) for name in ("flops", "seconds", "dollars")},
        score=pd.to_numeric(outcomes["score"]),
        error=outcomes["error"].fillna(""),
    )
    frame["cost"] = total("prompt_tokens") - total("cached_tokens") + total("completion_tokens")
    frame["cost_tokens"] = frame["cost"]
    answered = frame["error"] == ""
    cost_is = "flops" if frame.loc[answered, "flops"].notna().all() and answered.any() else "tokens"
    if cost_is == "flops":
        frame["cost"] = frame["flops"]
    frame.loc[~answered, list(AMOUNTS)] = float("nan")  # where it failed, it would have cost more
    return frame, cost_is


def cost_of(
    outcomes: pd.DataFrame, unit: Unit = "tokens", cache: Cache = "warm", prices: PriceCard | None = None
) -> pd.Series[float]:
    """What each row cost, as ``with_costs`` counts it: reading, routing and the reader's share of building.

    Args:
        outcomes: rows with the ledger's columns.
        unit: ``tokens`` are prompt tokens that were computed and tokens that were written.
        cache: ``warm`` as recorded; ``cold`` as if no prompt token had been cached.
        prices: dollars by this card, in place of those recorded.

    Returns:
        A number for each row, NaN where it failed.

    Raises:
        LcragError: an unknown unit, or the unit is not known of any row.
    """
    if unit not in {"tokens", "dollars", "flops"}:
        raise LcragError(f"Costs are counted in tokens, dollars or flops, not in {unit!r}.")
    frame, _ = with_costs(outcomes)
    cached = frame["cached"] if cache == "cold" else 0.0
    if unit == "tokens":
        costs = frame["cost_tokens"] + cached
    elif unit == "dollars":
        costs = _dollars(frame, cache, prices)
    else:
        costs = _flops(frame, cache)
    costs = costs.where(frame["error"] == "")
    if costs.isna().all():
        raise LcragError(
            f"The outcomes do not say what they cost in {unit} with a {cache} cache: choose tokens."
        )
    return costs


def _dollars(frame: pd.DataFrame, cache: Cache, prices: PriceCard | None) -> pd.Series[float]:
    from lcrag.cost.price import dollars

    if cache == "warm" and prices is None:
        return frame["dollars"]
    cached = frame["cached"] * (cache == "warm")
    rows = zip(frame["model"], frame["prompt"], cached, frame["completion"], strict=True)
    return pd.Series([dollars(m, p, c, o, prices) for m, p, c, o in rows], frame.index, float)


def _flops(frame: pd.DataFrame, cache: Cache) -> pd.Series[float]:
    """Recorded FLOPs; cold ones need the model's shape."""
    from lcrag.cost.models import known_spec

    specs = {m: known_spec(m) for m in frame["model"].unique()}
    cached = frame["cached"] * (cache == "warm")
    rows = zip(frame["model"], frame["prompt"], cached, frame["completion"], strict=True)
    made = [s.flops(p, c, o) if (s := specs[m]) else float("nan") for m, p, c, o in rows]
    counted = pd.Series(made, frame.index, float)
    return frame["flops"].fillna(counted) if cache == "warm" else counted
