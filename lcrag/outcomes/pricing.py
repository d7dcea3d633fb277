"""What each row cost in tokens, dollars or FLOPs: as recorded, else by a price card or the reader's shape."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from lcrag.cost.price import Price, dollars
from lcrag.cost.prices import Prices
from lcrag.outcomes.amounts import (
    MODELS,
    Cache,
    amount,
    is_doubtful,
    of_models,
    reader_tokens,
    recorded,
    sum_of,
)


def in_tokens(rows: pd.DataFrame, cache: Cache, prices: Prices) -> pd.Series[float]:
    """Prompt tokens that were computed and tokens that were written, of the reader."""
    prompt, cached, completion = reader_tokens(rows)
    return (prompt - cached * (cache == "warm") + completion).astype(float)  # type: ignore[no-any-return]


def in_dollars(rows: pd.DataFrame, cache: Cache, prices: Prices) -> pd.Series[float]:
    """Dollars as recorded, by the cards in ``prices`` where given, and as published where nothing else is known."""
    prompt, cached, completion = reader_tokens(rows)
    amounts = booked = recorded(rows, "dollars", cache)
    if prices.reader is not None:
        amounts = _unknown(rows)
    unpriced = (amounts.isna() | is_doubtful(rows, "dollars", cache)) & (prompt + cached + completion).notna()
    seconds = sum_of(rows, ("read", "route", "build"), "seconds") if cache == "warm" else _unknown(rows)
    hits = cached * (cache == "warm")
    columns = [c[unpriced] for c in (rows["model"], prompt, hits, completion, seconds)]
    priced = [dollars(m, p, c, o, prices.reader, s) for m, p, c, o, s in zip(*columns, strict=True)]
    amounts = amounts.where(~unpriced)
    amounts[unpriced] = np.array(priced, float)
    if prices.reader is None:
        amounts = amounts.fillna(booked)
    return amounts + sum(_dollars_of(rows, model, prices) for model in MODELS)  # type: ignore[no-any-return]


def _dollars_of(rows: pd.DataFrame, model: str, prices: Prices) -> Any:
    """Dollars of embedder or reranker by its own card, else as recorded where they are known."""
    card: Price | None = getattr(prices, model)
    if card is None:
        return sum(amount(rows, role, "dollars").fillna(0.0) for role in MODELS[model])
    tokens, seconds = (sum_of(rows, MODELS[model], name) for name in ("prompt_tokens", "seconds"))
    return pd.Series(
        [card.dollars(t, 0, 0, seconds=s) for t, s in zip(tokens, seconds, strict=True)], rows.index, float
    ).fillna(0.0)


def _unknown(rows: pd.DataFrame) -> pd.Series[float]:
    return pd.Series(float("nan"), rows.index)


def in_flops(rows: pd.DataFrame, cache: Cache, prices: Prices) -> pd.Series[float]:
    """FLOPs as recorded, by the reader's shape where they are not."""
    return _reader_flops(rows, cache) + of_models(rows, "flops")  # type: ignore[no-any-return]


def _reader_flops(rows: pd.DataFrame, cache: Cache) -> pd.Series[float]:
    from lcrag.cost.config import known_models, short_name
    from lcrag.cost.model import ModelSpec

    prompt, cached, completion = reader_tokens(rows)
    amounts = recorded(rows, "flops", cache).where(~is_doubtful(rows, "flops", cache))
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
