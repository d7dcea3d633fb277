"""Published prices of models, from genai-prices."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from lcrag.cost.price_cards import PriceCard


@dataclass(frozen=True)
class PublishedPrice:
    """A model's price in genai-prices, with its discounts, surcharges and tiers by length."""

    model: str

    def dollars(
        self, prompt: float, cached: float, completion: float, written: float = 0, seconds: float = 0
    ) -> float:
        """Price of one call; see ``PriceCard.dollars``."""
        if (card := _plain_card(self.model)) is not None:
            return card.dollars(prompt, cached, completion, written)
        from genai_prices import Usage, calc_price

        usage = Usage(
            input_tokens=int(prompt),
            cache_read_tokens=int(cached),
            cache_write_tokens=int(written),
            output_tokens=int(completion),
        )
        return float(calc_price(usage, model_ref=self.model).total_price)

    def describe(self) -> dict[str, Any]:
        """The price as text, with the version of genai-prices."""
        from importlib.metadata import version

        entry = _entry(self.model)
        return {
            "source": f"genai-prices {version('genai-prices')}",
            "model": f"{entry.provider.id} {entry.model.id}",
            "price": str(entry.model_price),
        }


def published_models() -> list[str]:
    """Names of all models with a published price, in alphabetical order."""
    from genai_prices.data import providers

    return sorted({m.id for p in providers for m in p.models})


@lru_cache(maxsize=64)
def _entry(model: str) -> Any:
    from genai_prices import Usage, calc_price

    return calc_price(Usage(input_tokens=1), model_ref=model)


@lru_cache(maxsize=64)
def is_priced(model: str) -> bool:
    """Whether a model has a published price."""
    try:
        _entry(model)
    except LookupError:
        return False
    return True


@lru_cache(maxsize=64)
def _plain_card(model: str) -> PriceCard | None:
    """The price as a card, a hundred times faster than genai-prices; ``None`` if it depends on the prompt's length."""
    price = _entry(model).model_price
    parts = [price.input_mtok, price.output_mtok, price.cache_read_mtok, price.cache_write_mtok]
    tiered = any(hasattr(part, "tiers") for part in parts)
    if tiered or price.requests_kcount is not None or None in parts[:2]:
        return None
    return PriceCard(*(None if part is None else float(part) for part in parts))  # type: ignore[arg-type]
