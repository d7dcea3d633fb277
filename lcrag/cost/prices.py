"""The prices of an experiment: of its reader, its embedder, its reranker and its judge."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from lcrag.cost.price import Price, price_card
from lcrag.errors import LcragError

OTHERS = ("embedder", "reranker", "judge")


@dataclass(frozen=True)
class Prices:
    """Price cards by what is paid for. An embedder or reranker without a card has no known price, not a price of 0.

    Attributes:
        reader: The language model; ``None`` for its published price.
        embedder: The embedding model.
        reranker: The cross-encoder.
        judge: The language model that judges answers; ``None`` for its published price.
    """

    reader: Price | None = None
    embedder: Price | None = None
    reranker: Price | None = None
    judge: Price | None = None

    @classmethod
    def of(cls, given: Price | Prices | None) -> Prices:
        """Prices as they are, or a reader's price alone."""
        return given if isinstance(given, Prices) else cls(given)

    @classmethod
    def from_mapping(cls, content: Mapping[str, Any], where: str) -> Prices:
        """Prices from YAML: the reader's card, with the keys ``embedder``, ``reranker`` and ``judge`` for theirs.

        Raises:
            LcragError: a card has an unknown or missing key, or a value that is not a price.
        """
        cards: dict[str, Price] = {}
        for name in (n for n in OTHERS if n in content):
            card = content[name]
            if not isinstance(card, Mapping):
                raise LcragError(f"{where}.{name}: a card is expected, such as {{input_mtok: 0.02}}.")
            writes = name == "judge" or "gpu_hour" in card  # vectors and scores are not charged
            written = {} if writes else {"output_mtok": 0}
            cards[name] = price_card({**written, **card}, f"{where}.{name}")
        reader = {k: v for k, v in content.items() if k not in OTHERS}
        return cls(price_card(reader, where) if reader or not cards else None, **cards)

    def describe(self) -> dict[str, Any]:
        """The cards of embedder, reranker and judge as plain values."""
        cards = {name: getattr(self, name) for name in OTHERS}
        return {name: card.describe() for name, card in cards.items() if card is not None}
