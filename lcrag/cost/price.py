"""The price of a model's calls, in dollars: from a price card, from rented hardware, or as published."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Protocol

from lcrag.cost.cards import make_card, read_yaml
from lcrag.cost.price_cards import PriceCard, RentedHardware
from lcrag.cost.published_price import PublishedPrice, is_priced, published_models
from lcrag.errors import LcragError, did_you_mean


class Price(Protocol):
    """The price of calls to one model."""

    def dollars(
        self, prompt: float, cached: float, completion: float, written: float = 0, seconds: float = 0
    ) -> float:
        """Price of one call, in dollars; see ``PriceCard.dollars``."""

    def describe(self) -> dict[str, Any]:
        """The price as plain values, with its ``source``; logged with every run."""


def price_card(content: Mapping[str, Any], where: str) -> Price:
    """A ``PriceCard``, or ``RentedHardware`` if the content has ``gpu_hour``.

    Args:
        content: values by field.
        where: file and name of the card, for errors.

    Raises:
        LcragError: an unknown or missing key, or a value that is not a price.
    """
    kind = RentedHardware if "gpu_hour" in content else PriceCard
    card: Price = make_card(kind, content, where)
    return card


def read_prices(path: Path | str) -> Mapping[str, Price]:
    """Read price cards from a YAML file, by the model's name.

    Raises:
        LcragError: the file cannot be read, or a card has a wrong key or value.
    """
    return {name: price_card(card, f"{path}: {name}") for name, card in read_yaml(path).items()}


def find_price(model: str, card: Price | None = None) -> Price | None:
    """``card`` if given, else the published price of ``model``, ``None`` if there is none."""
    return card if card is not None else PublishedPrice(model) if is_priced(model) else None


def need_price(model: str, cards: Mapping[str, Price]) -> Price:
    """The price of ``model`` from ``cards``, else as published.

    Raises:
        LcragError: the model has no price.
    """
    price = find_price(model, cards.get(model))
    if price is None:
        hint = did_you_mean(model, [*cards, *published_models()])
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
    """Price of one call by ``card`` if given, else as published, ``None`` for a model without a price.

    Arguments are those of ``PriceCard.dollars``.
    """
    price = find_price(model, card)
    return None if price is None else price.dollars(prompt, cached, completion, seconds=seconds)


def _short(hint: str) -> str:
    """The hint, or a summary where it would list the thousands of published models."""
    return (
        hint if len(hint) < 200 else "prices are published for most models of OpenAI, Anthropic and Google."
    )
