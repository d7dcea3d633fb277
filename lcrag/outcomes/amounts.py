"""Amounts of a table of outcomes, read from the ledger's columns."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Literal

import pandas as pd

from lcrag.schema import MODEL_ROLES, READER_ROLES, Role

Cache = Literal["warm", "cold"]

MODELS: dict[str, tuple[Role, ...]] = {"embedder": ("embed", "index"), "reranker": ("rerank",)}


def amount(outcomes: pd.DataFrame, role: str, name: str) -> Any:
    """One column of the ledger."""
    return pd.to_numeric(outcomes[f"{role}_{name}"])


def sum_of(outcomes: pd.DataFrame, roles: Sequence[str], name: str) -> Any:
    """An amount of several roles together."""
    return sum(amount(outcomes, role, name) for role in roles)


def of_reader(outcomes: pd.DataFrame, name: str) -> Any:
    """Reading, routing and the share of what the reader built."""
    return sum_of(outcomes, READER_ROLES, name)


def of_reader_cold(outcomes: pd.DataFrame, name: str) -> Any:
    """What the reader would have taken without any cache."""
    return of_reader(outcomes, name) + of_reader(outcomes, f"saved_{name}")


def recorded(outcomes: pd.DataFrame, name: str, cache: Cache) -> pd.Series[float]:
    """The reader's amount as recorded, with or without the cache."""
    read = of_reader if cache == "warm" else of_reader_cold
    return read(outcomes, name).astype(float)  # type: ignore[no-any-return]


def is_doubtful(outcomes: pd.DataFrame, name: str, cache: Cache) -> Any:
    """Whether cached tokens saved nothing, as in a table that got its cached tokens later."""
    saved = of_reader(outcomes, f"saved_{name}")
    return saved.eq(0) & of_reader(outcomes, "cached_tokens").gt(0) & (cache == "cold")


def of_models(outcomes: pd.DataFrame, name: str) -> Any:
    """What is known of embedder and reranker."""
    return sum(amount(outcomes, role, name).fillna(0.0) for role in MODEL_ROLES)


def is_left_out(outcomes: pd.DataFrame, name: str, model: str) -> Any:
    """Whether a model was called and its amount is not known."""
    return sum_of(outcomes, MODELS[model], "calls").gt(0) & sum_of(outcomes, MODELS[model], name).isna()


def reader_tokens(rows: pd.DataFrame) -> tuple[Any, Any, Any]:
    """Prompt tokens, those of them that were cached, and tokens written."""
    prompt, cached, completion = (of_reader(rows, f"{n}_tokens") for n in ("prompt", "cached", "completion"))
    return prompt, cached, completion
