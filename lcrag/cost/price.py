"""Dollars: published prices, or a price card of your own."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import Any


@dataclass(frozen=True)
class PriceCard:
    """Dollars per million tokens of prompt, of cached prompt and of completion."""

    input_mtok: float
    output_mtok: float
    cached_mtok: float | None = None

    def __post_init__(self) -> None:
        for name in ("input_mtok", "output_mtok", "cached_mtok"):
            value = getattr(self, name)
            if value is None and name == "cached_mtok":
                continue
            if isinstance(value, bool) or not isinstance(value, int | float) or value < 0:
                raise ValueError(f"{name} must be dollars per million tokens, not {value!r}")

    def dollars(self, prompt: float, cached: float, completion: float) -> float:
        """Price of one call; without a cached price cached tokens cost like others."""
        reading = self.input_mtok if self.cached_mtok is None else self.cached_mtok
        return ((prompt - cached) * self.input_mtok + cached * reading + completion * self.output_mtok) / 1e6


def dollars(
    model: str, prompt: float, cached: float, completion: float, card: PriceCard | None = None
) -> float | None:
    """Price of one call by ``card``, else as published (genai-prices), ``None`` for an unknown model."""
    if card is not None:
        return card.dollars(prompt, cached, completion)
    if not _is_priced(model):
        return None
    from genai_prices import Usage, calc_price

    usage = Usage(input_tokens=int(prompt), cache_read_tokens=int(cached), output_tokens=int(completion))
    return float(_priced(calc_price, usage, model))


@lru_cache(maxsize=64)
def _is_priced(model: str) -> bool:
    from genai_prices import Usage, calc_price

    try:
        calc_price(Usage(input_tokens=1), model_ref=model)
    except LookupError:
        return False
    return True


def _priced(calc_price: Any, usage: Any, model: str) -> Any:
    return calc_price(usage, model_ref=model).total_price
