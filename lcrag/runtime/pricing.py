"""What a call costs beyond its tokens: FLOPs, KV bytes and dollars, and what the prefix cache saved of them."""

from __future__ import annotations

from dataclasses import replace
from math import isnan

from lcrag.cost.price import Price, dollars
from lcrag.readers.base import Reader
from lcrag.schema import Usage


def priced_call(usage: Usage, reader: Reader, price: Price | None) -> Usage:
    """``usage`` with FLOPs, KV bytes and dollars, and what the cache saved of them, where they are known.

    Args:
        usage: tokens and seconds.
        reader: who was asked; its shape gives FLOPs and bytes.
        price: its price card; ``None`` for the published price.
    """
    prompt, cached, completion = usage.prompt_tokens, usage.cached_tokens, usage.completion_tokens
    spec = reader.spec

    def paid(cached: float, seconds: float) -> tuple[float | None, float | None]:
        flops = spec.flops(prompt, cached, completion) if spec else None
        return flops, dollars(reader.name, prompt, cached, completion, price, seconds)

    warm = paid(cached, usage.seconds)
    cold = paid(0, float("nan")) if cached else warm  # the time that it would have taken is not known
    saved_flops, saved_dollars = (_difference(c, w) for c, w in zip(cold, warm, strict=True))
    return replace(
        usage,
        flops=warm[0],
        kv_bytes=int(spec.kv_bytes(prompt + completion) * usage.kv_stored_fraction) if spec else None,
        dollars=warm[1],
        saved_flops=saved_flops,
        saved_dollars=saved_dollars,
    )


def _difference(cold: float | None, warm: float | None) -> float | None:
    saved = None if cold is None or warm is None else cold - warm
    return None if saved is None or isnan(saved) else saved
