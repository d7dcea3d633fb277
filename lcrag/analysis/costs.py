"""What a question took, out of the ledger's columns."""

from __future__ import annotations

from typing import Any

import pandas as pd

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
    answered = frame["error"] == ""
    cost_is = "flops" if frame.loc[answered, "flops"].notna().all() and answered.any() else "tokens"
    if cost_is == "flops":
        frame["cost"] = frame["flops"]
    frame.loc[~answered, list(AMOUNTS)] = float("nan")  # where it failed, it would have cost more
    return frame, cost_is
