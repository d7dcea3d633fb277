import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from lcrag.cost import amortisation as a
from lcrag.cost.hardware import find_hardware
from lcrag.cost.model import ModelSpec
from lcrag.cost.price_cards import PriceCard
from lcrag.cost.published_price import PublishedPrice
from lcrag.errors import LcragError

WORK = a.Workload(document=100_000, questions=50, question=50, answer=200, retrieved=4000)


def lines(meter, work=WORK):
    return {w.name: a.measure(w, meter) for w in a.approaches(work)}


@pytest.mark.parametrize("price", [PriceCard(2, 8, cached_mtok=0.5), PublishedPrice("gpt-4.1")])
@pytest.mark.parametrize(
    ("m", "cold", "warm", "retrieval"),
    [(1, 0.2017, 0.2017, 0.0117), (10, 2.017, 0.667, 0.099), (50, 10.085, 2.735, 0.487)],
)
def test_dollars_of_many_questions(price, m, cold, warm, retrieval):
    found = lines(a.dollar_meter(price))
    assert found["long context, cold"].total(m) == pytest.approx(cold)
    assert found["long context, warm"].total(m) == pytest.approx(warm)
    assert found["retrieval"].total(m) == pytest.approx(retrieval, rel=2e-4)  # the questions are embedded too


def test_a_memory_is_made_by_reading_the_document_once():
    found = lines(a.dollar_meter(PriceCard(2, 8)))["memory"]
    assert found.build == pytest.approx(0.1 * 2 + 0.01 * 8)
    odd = lines(a.dollar_meter(PriceCard(2, 8)), a.Workload(document=10_000))["memory"]
    assert odd.build == pytest.approx(0.01 * 2 + 0.001 * 8)
    assert found.later == pytest.approx((2050 * 2 + 200 * 8) / 1e6)


def test_the_first_warm_question_pays_for_writing_the_cache():
    warm = lines(a.dollar_meter(PriceCard(3, 15, cached_mtok=0.3, write_mtok=3.75)))["long context, warm"]
    assert warm.first == pytest.approx((50 * 3 + 100_000 * 3.75 + 200 * 15) / 1e6)
    assert warm.later == pytest.approx((50 * 3 + 100_000 * 0.3 + 200 * 15) / 1e6)


def test_break_even():
    cache, index = a.Line("a", 0, 10, 1), a.Line("b", 0, 3, 3)
    assert a.break_even(cache, index) == 5  # 14 against 15; at 4 both are 13 and 12
    assert a.break_even(index, cache) is None
    assert a.break_even(a.Line("a", 0, 1, 1), index) == 1
    assert a.break_even(cache, cache) is None


@given(*[st.floats(0, 100)] * 6)
@example(0.0, 0.0, 0.0, 0.0, 8e-308, 15.0)
@example(0.0, 0.0, 15.0, 0.0, 8e-308, 0.0)
def test_break_even_is_the_first_number_of_questions_that_is_cheaper(f, x, b, g, y, c):
    one, other = a.Line("one", b, f, x), a.Line("other", c, g, y)
    since = a.break_even(one, other)
    if since is None:
        assert x >= y or y - x < 1e-300
    elif since < 1e6:
        slack = 1e-6 * (one.total(since) + 1)
        assert one.total(since) <= other.total(since) + slack
        assert since == 1 or one.total(since - 1) >= other.total(since - 1) - slack


def test_an_open_model_in_flops_seconds_and_dollars():
    """A cached document makes a question cheap in FLOPs, while its KV cache is still read for every token."""
    spec, h100 = ModelSpec.from_config("llama-3.1-8b"), find_hardware("h100")
    flops = lines(a.flops_meter(spec))
    assert (
        flops["long context, warm"].first == flops["long context, cold"].first == spec.flops(100_050, 0, 200)
    )
    assert flops["long context, warm"].later == spec.flops(100_050, 100_000, 200) < flops["retrieval"].later
    assert flops["retrieval"].build == 2 * a.EMBEDDER_PARAMETERS * 100_000
    meter = a.seconds_meter(spec, h100)
    seconds = lines(meter)
    assert (
        seconds["retrieval"].later < seconds["long context, warm"].later < seconds["long context, cold"].later
    )
    rented = lines(a.rented_meter(meter, 3.6))
    assert rented["memory"].total(7) == pytest.approx(seconds["memory"].total(7) / 1000)
    held = {w.name: a.kv_bytes(w, spec) for w in a.approaches(WORK)}
    assert held["long context, warm"] == spec.kv_bytes(100_250) and held["retrieval"] == spec.kv_bytes(4250)


@pytest.mark.parametrize(
    ("change", "message"),
    [({"document": -1}, "document's number of tokens must not be negative"), ({"questions": 0}, "at least 1"),
     ({"answer": -2}, "'answer' must not be negative, but it is -2")],
)  # fmt: skip
def test_impossible_workloads_are_told(change, message):
    with pytest.raises(LcragError, match=message):
        a.Workload(**{"document": 1000} | change)
