"""Prices of reader, embedder and reranker."""

import pytest

from lcrag.cost.price_cards import PriceCard, RentedHardware
from lcrag.cost.prices import Prices
from lcrag.errors import LcragError


def test_cards_from_yaml():
    spec = {"input_mtok": 1, "output_mtok": 2, "embedder": {"input_mtok": 0.02}, "reranker": {"gpu_hour": 3}}
    assert Prices.from_mapping(spec, "prices") == Prices(
        PriceCard(1, 2), PriceCard(0.02, 0), RentedHardware(3)
    )
    assert Prices.from_mapping({"embedder": {"input_mtok": 0}}, "p") == Prices(None, PriceCard(0, 0))
    assert Prices.of(PriceCard(1, 2)) == Prices(PriceCard(1, 2))


def test_what_is_no_card_is_refused():
    with pytest.raises(LcragError, match=r"prices.embedder: a card is expected"):
        Prices.from_mapping({"embedder": 0.02}, "prices")
    with pytest.raises(LcragError, match=r"prices.embedder: unknown key 'input'"):
        Prices.from_mapping({"embedder": {"input": 0.02}}, "prices")
    with pytest.raises(LcragError, match=r"prices: the key 'input_mtok' is missing"):
        Prices.from_mapping({"output_mtok": 1, "embedder": {"input_mtok": 1}}, "prices")
