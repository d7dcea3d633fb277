"""Dollars: published prices, a price card of your own, or rented hardware."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any, Protocol

from lcrag.cost.cards import is_number, make, read_yaml
from lcrag.errors import LcragError, did_you_mean


class Price(Protocol):
    """What calls to one model cost."""

    def dollars(
        self, prompt: float, cached: float, completion: float, written: float = 0, seconds: float = 0
    ) -> float:
        """Price of one call, in dollars; see ``PriceCard.dollars``."""

    def describe(self) -> dict[str, Any]:
        """The card as plain values, with its ``source``: logged with every run."""


@dataclass(frozen=True)
class PriceCard:
    """Dollars per million tokens.

    Attributes:
        input_mtok: of prompt.
        output_mtok: of completion.
        cached_mtok: of prompt that is read from a cache; without it cached tokens cost like others.
        write_mtok: of prompt that is put into a cache (Anthropic: 1.25 times ``input_mtok`` for five minutes,
            twice for an hour); without it writing costs nothing beside.
    """

    input_mtok: float
    output_mtok: float
    cached_mtok: float | None = None
    write_mtok: float | None = None

    def __post_init__(self) -> None:
        for name, value in asdict(self).items():
            if value is None and name in ("cached_mtok", "write_mtok"):
                continue
            if not is_number(value) or value < 0:
                raise ValueError(f"{name} must be dollars per million tokens, not {value!r}")

    def dollars(
        self, prompt: float, cached: float, completion: float, written: float = 0, seconds: float = 0
    ) -> float:
        """Price of one call.

        Args:
            prompt: all prompt tokens.
            cached: those of them that were read from a cache.
            completion: tokens of the answer.
            written: uncached prompt tokens that were put into a cache.
            seconds: not used.
        """
        reading = self.input_mtok if self.cached_mtok is None else self.cached_mtok
        writing = self.input_mtok if self.write_mtok is None else self.write_mtok
        plain = (prompt - cached - written) * self.input_mtok
        return (plain + cached * reading + written * writing + completion * self.output_mtok) / 1e6

    def describe(self) -> dict[str, Any]:
        """The card as plain values."""
        return {"source": "price card"} | {k: v for k, v in asdict(self).items() if v is not None}


@dataclass(frozen=True)
class RentedHardware:
    """A model of your own on hardware that is paid by the hour: ``seconds * gpus * gpu_hour / 3600``.

    The seconds of calls that a server answers at the same time count for each of them, so with concurrent
    requests this is an upper bound.

    Attributes:
        gpu_hour: dollars for one device and hour.
        gpus: devices.
    """

    gpu_hour: float
    gpus: int = 1

    def __post_init__(self) -> None:
        for name, value in asdict(self).items():
            if not is_number(value) or value < 0:
                raise ValueError(f"{name} must be a number of at least 0, not {value!r}")

    def dollars(
        self, prompt: float, cached: float, completion: float, written: float = 0, seconds: float = 0
    ) -> float:
        """Price of a call that takes ``seconds``; its tokens do not matter."""
        return seconds * self.gpus * self.gpu_hour / 3600

    def describe(self) -> dict[str, Any]:
        """The card as plain values."""
        return {"source": "rented hardware"} | asdict(self)


@dataclass(frozen=True)
class PublishedPrice:
    """A model's published price out of genai-prices, with its discounts, surcharges and tiers by length."""

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
        """The published card as text, with the version of the data."""
        from importlib.metadata import version

        found = _found(self.model)
        return {
            "source": f"genai-prices {version('genai-prices')}",
            "model": f"{found.provider.id} {found.model.id}",
            "price": str(found.model_price),
        }


def price_card(content: Mapping[str, Any], where: str) -> Price:
    """A ``PriceCard``, or ``RentedHardware`` where ``gpu_hour`` is given.

    Raises:
        LcragError: an unknown or missing key, or no price.
    """
    kind = RentedHardware if "gpu_hour" in content else PriceCard
    card: Price = make(kind, content, where)
    return card


def read_prices(path: Path | str) -> Mapping[str, Price]:
    """Price cards from a YAML file, by the model's name.

    Raises:
        LcragError: the file cannot be read or a card is wrong.
    """
    return {name: price_card(card, f"{path}: {name}") for name, card in read_yaml(path).items()}


def find_price(model: str, card: Price | None = None) -> Price | None:
    """``card``, else the published price of ``model``, ``None`` where there is none."""
    return card if card is not None else PublishedPrice(model) if _is_priced(model) else None


def need_price(model: str, cards: Mapping[str, Price]) -> Price:
    """The price of ``model`` out of ``cards``, else as published.

    Raises:
        LcragError: there is none.
    """
    price = find_price(model, cards.get(model))
    if price is None:
        hint = did_you_mean(model, [*cards, *_published_names()])
        raise LcragError(
            f"There is no price for the model {model!r}; {_short(hint)} Or give a price card in YAML."
        )
    return price


def dollars(
    model: str,
    prompt: float,
    cached: float,
    completion: float,
    card: Price | None = None,
    seconds: float = 0,
) -> float | None:
    """Price of one call by ``card``, else as published (genai-prices), ``None`` for an unknown model."""
    price = find_price(model, card)
    return None if price is None else price.dollars(prompt, cached, completion, seconds=seconds)


def _short(hint: str) -> str:
    """Thousands of models are published: naming all of them would help nobody."""
    return (
        hint if len(hint) < 200 else "prices are published for most models of OpenAI, Anthropic and Google."
    )


def _published_names() -> list[str]:
    from genai_prices.data import providers

    return sorted({m.id for p in providers for m in p.models})


@lru_cache(maxsize=64)
def _found(model: str) -> Any:
    from genai_prices import Usage, calc_price

    return calc_price(Usage(input_tokens=1), model_ref=model)


@lru_cache(maxsize=64)
def _is_priced(model: str) -> bool:
    try:
        _found(model)
    except LookupError:
        return False
    return True


@lru_cache(maxsize=64)
def _plain_card(model: str) -> PriceCard | None:
    """A published price that is the same for every length, as a card: a hundred times faster than genai-prices."""
    price = _found(model).model_price
    parts = [price.input_mtok, price.output_mtok, price.cache_read_mtok, price.cache_write_mtok]
    tiered = any(hasattr(part, "tiers") for part in parts)
    if tiered or price.requests_kcount is not None or None in parts[:2]:
        return None
    return PriceCard(*(None if part is None else float(part) for part in parts))  # type: ignore[arg-type]
