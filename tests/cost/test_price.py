import pytest

from lcrag.cost.price import dollars, find_price, need_price, price_card, read_prices
from lcrag.cost.price_cards import PriceCard, RentedHardware
from lcrag.cost.published_price import PublishedPrice
from lcrag.errors import LcragError


def test_dollars():
    assert dollars("gpt-4.1", 100_000, 90_000, 500) == pytest.approx(0.069)
    assert dollars("SmolLM2-135M-Instruct", 100, 0, 10) is None
    card = PriceCard(input_mtok=0.10, cached_mtok=0.01, output_mtok=0.4)
    assert dollars("any", 100_000, 90_000, 500, card) == pytest.approx(0.0021)
    assert PriceCard(1, 2).dollars(1e6, 5e5, 0) == 1
    with pytest.raises(ValueError, match="input_mtok must be dollars per million tokens, not -1"):
        PriceCard(-1, 2)


def test_writing_into_the_cache_has_a_surcharge():
    """Anthropic: writing 1.25 times, reading 0.1 times the price of a prompt token."""
    published = PublishedPrice("claude-sonnet-4-5")
    card = PriceCard(3, 15, cached_mtok=0.3, write_mtok=3.75)
    for price in (published, card):
        assert price.dollars(100_000, 0, 0, written=100_000) == pytest.approx(0.375)
        assert price.dollars(100_000, 100_000, 0) == pytest.approx(0.03)
        assert price.dollars(101_000, 0, 100, 100_000) == pytest.approx(0.375 + 0.003 + 0.0015)
    assert PublishedPrice("gpt-4.1").dollars(1000, 0, 0, written=500) == pytest.approx(0.002)  # none there
    assert published.dollars(300_000, 0, 0) > 3 * published.dollars(100_000, 0, 0)  # a tier for long prompts


def test_rented_hardware_is_paid_by_the_second():
    assert dollars("any", 1, 0, 1, RentedHardware(gpu_hour=3.6, gpus=2), seconds=10) == pytest.approx(0.02)


def test_cards_by_model_in_yaml(tmp_path):
    path = tmp_path / "prices.yaml"
    path.write_text("gpt-4.1: {input_mtok: 1, output_mtok: 2}\nmy-model: {gpu_hour: 2.5, gpus: 2}\n")
    cards = read_prices(path)
    assert need_price("gpt-4.1", cards) == PriceCard(1, 2)
    assert need_price("my-model", cards) == RentedHardware(2.5, 2)
    assert need_price("gpt-4.1-mini", cards) == PublishedPrice("gpt-4.1-mini")
    with pytest.raises(LcragError, match="no price for the model 'my-modle'; did you mean 'my-model'"):
        need_price("my-modle", cards)
    with pytest.raises(
        LcragError, match=r"'zzz'; prices are published for most models of OpenAI, .*\. Or give a"
    ):
        need_price("zzz", {})
    path.write_text("m: {input: 1}")
    with pytest.raises(LcragError, match=r"prices\.yaml: m: unknown key 'input'"):
        read_prices(path)


def test_the_card_says_where_it_is_from():
    card = find_price("gpt-4.1").describe()
    assert card["source"].startswith("genai-prices 0") and card["model"] == "openai gpt-4.1"
    assert "$0.5/input cache read MTok" in card["price"]
    assert price_card({"input_mtok": 1, "output_mtok": 2}, "x").describe() == {
        "source": "price card", "input_mtok": 1, "output_mtok": 2,
    }  # fmt: skip
    assert find_price("SmolLM2-135M-Instruct") is None


@pytest.mark.parametrize(
    "model", ["gpt-4o", "gpt-4.1", "claude-3-5-sonnet", "claude-sonnet-4-5", "gemini-1.5-pro"]
)
def test_a_plain_published_price_is_what_genai_prices_says(model):
    """Prices without tiers are taken as a card, which is faster; those with tiers are asked for each time."""
    from genai_prices import Usage, calc_price

    for prompt, cached, completion in ((1000, 0, 10), (100_000, 60_000, 500), (300_000, 0, 1)):
        usage = Usage(input_tokens=prompt, cache_read_tokens=cached, output_tokens=completion)
        published = float(calc_price(usage, model_ref=model).total_price)
        assert PublishedPrice(model).dollars(prompt, cached, completion) == pytest.approx(
            published, rel=1e-12
        )
