"""Tables of an older schema, brought up to date."""

from __future__ import annotations

from dataclasses import fields
from typing import TYPE_CHECKING

from lcrag.outcomes.columns import numbers
from lcrag.schema import MODEL_ROLES, ROLES, Usage

if TYPE_CHECKING:
    import pandas as pd

SINCE_3 = ("saved_flops", "saved_dollars", "foreign_cached_tokens")
SINCE_4 = ("kv_stored_fraction", "kv_loaded_fraction")
WERE_BOOKED = {"index": "build", "embed": "retrieve"}  # in version 1


def current(outcomes: pd.DataFrame) -> pd.DataFrame:
    """The table with the columns of the newest version, as it is where it has them."""
    return _with_fractions(_with_savings(_with_models(outcomes)))


def _with_fractions(outcomes: pd.DataFrame) -> pd.DataFrame:
    """With the columns of version 4: older rows had no KV cache methods."""
    import pandas as pd

    if any(f"{role}_cached_tokens" not in outcomes for role in ROLES):
        return outcomes  # not a table of outcomes; whoever reads it says so
    columns = {
        f"{role}_{name}": 1.0 for role in ROLES for name in SINCE_4 if f"{role}_{name}" not in outcomes
    }
    return pd.concat([outcomes, pd.DataFrame(columns, outcomes.index)], axis=1) if columns else outcomes


def _with_savings(outcomes: pd.DataFrame) -> pd.DataFrame:
    """With the columns of version 3; what a cache saved is not known of older rows that had one."""
    import pandas as pd

    cached = {role: f"{role}_cached_tokens" for role in ROLES}
    if any(column not in outcomes for column in cached.values()):
        return outcomes  # not a table of outcomes; whoever reads it says so
    columns = {
        f"{role}_{name}": 0.0 if name == "foreign_cached_tokens" else hits.map({0: 0.0})
        for role, hits in ((role, numbers(outcomes[c], f"The column {c!r}")) for role, c in cached.items())
        for name in SINCE_3
        if f"{role}_{name}" not in outcomes
    }
    return pd.concat([outcomes, pd.DataFrame(columns, outcomes.index)], axis=1) if columns else outcomes


def _with_models(outcomes: pd.DataFrame) -> pd.DataFrame:
    """With the columns of version 2, those of embedder and reranker.

    Version 1 booked an embedder's work as the reader's: under ``build`` and ``retrieve``, where nothing was written.
    What was booked there beside tokens that the reader wrote cannot be told apart and stays where it is.
    """
    import pandas as pd

    names = [f.name for f in fields(Usage) if f.name not in SINCE_3 + SINCE_4]
    if any(f"{role}_{name}" in outcomes for role in MODEL_ROLES for name in names):
        return outcomes
    if any(f"{role}_{name}" not in outcomes for role in WERE_BOOKED.values() for name in names):
        return outcomes  # not a table of outcomes; whoever reads it says so
    columns = {f"rerank_{name}": pd.Series(0.0, outcomes.index) for name in names}
    for role, before in WERE_BOOKED.items():
        embedder = numbers(
            outcomes[f"{before}_completion_tokens"], f"The column '{before}_completion_tokens'"
        ).eq(0)
        for name in names:
            amounts = numbers(outcomes[f"{before}_{name}"], f"The column '{before}_{name}'")
            columns[f"{role}_{name}"] = amounts.where(embedder, 0.0)
            columns[f"{before}_{name}"] = amounts.where(~embedder, 0.0)
    kept = outcomes.drop(columns=[c for c in columns if c in outcomes])
    return pd.concat([kept, pd.DataFrame(columns)], axis=1)
