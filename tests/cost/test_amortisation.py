import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from lcrag.cost import amortisation as a
from lcrag.cost.hardware import find_hardware
from lcrag.cost.model import ModelSpec
from lcrag.cost.price_cards import PriceCard
from lcrag.cost.published_price import PublishedPrice
from lcrag.cost.workload import Workload, approaches, kv_bytes
from lcrag.errors import LcragError

WORK = Workload(document=100_000, questions=50, question=50, answer=200, retrieved=4000)


def costs(function, work=WORK):
    return {approach.name: a.linear_cost(approach, function) for approach in approaches(work)}


@pytest.mark.parametrize("price", [PriceCard(2, 8, cached_mtok=0.5), PublishedPrice("gpt-4.1")])
@pytest.mark.parametrize(
    ("m", "cold", "warm", "retrieval"),
    [(1, 0.2017, 0.2017, 0.0117), (10, 2.017, 0.667, 0.099), (50, 10.085, 2.735, 0.487)],
)
def test_dollars_of_many_questions(price, m, cold, warm, retrieval):
    dollars = costs(a.dollar_cost(price))
    assert dollars["long context, cold"].total(m) == pytest.approx(cold)
    assert dollars["long context, warm"].total(m) == pytest.approx(warm)
    assert dollars["retrieval"].total(m) == pytest.approx(
        retrieval, rel=2e-4
    )  # the questions are embedded too


def test_a_memory_is_made_by_reading_the_document_once():
    memory = costs(a.dollar_cost(PriceCard(2, 8)))["memory"]
    assert memory.build == pytest.approx(0.1 * 2 + 0.01 * 8)
    odd = costs(a.dollar_cost(PriceCard(2, 8)), Workload(document=10_000))["memory"]
    assert odd.build == pytest.approx(0.01 * 2 + 0.001 * 8)
    assert memory.later == pytest.approx((2050 * 2 + 200 * 8) / 1e6)


def test_the_first_warm_question_pays_for_writing_the_cache():
    warm = costs(a.dollar_cost(PriceCard(3, 15, cached_mtok=0.3, write_mtok=3.75)))["long context, warm"]
    assert warm.first == pytest.approx((50 * 3 + 100_000 * 3.75 + 200 * 15) / 1e6)
    assert warm.later == pytest.approx((50 * 3 + 100_000 * 0.3 + 200 * 15) / 1e6)


def test_break_even():
    cache, index = a.LinearCost("a", 0, 10, 1), a.LinearCost("b", 0, 3, 3)
    assert a.break_even(cache, index) == 5  # 14 against 15; at 4 both are 13 and 12
    assert a.break_even(index, cache) is None
    assert a.break_even(a.LinearCost("a", 0, 1, 1), index) == 1
    assert a.break_even(cache, cache) is None


@given(*[st.floats(0, 100)] * 6)
@example(0.0, 0.0, 0.0, 0.0, 8e-308, 15.0)
@example(0.0, 0.0, 15.0, 0.0, 8e-308, 0.0)
def test_break_even_is_the_first_number_of_questions_that_is_cheaper(f, x, b, g, y, c):
    one, other = a.LinearCost("one", b, f, x), a.LinearCost("other", c, g, y)
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
    flops = costs(a.flops_cost(spec))
    assert (
        flops["long context, warm"].first == flops["long context, cold"].first == spec.flops(100_050, 0, 200)
    )
    assert flops["long context, warm"].later == spec.flops(100_050, 100_000, 200) < flops["retrieval"].later
    assert flops["retrieval"].build == 2 * a.EMBEDDER_PARAMETERS * 100_000
    clock = a.seconds_cost(spec, h100)
    seconds = costs(clock)
    assert (
        seconds["retrieval"].later < seconds["long context, warm"].later < seconds["long context, cold"].later
    )
    rented = costs(a.rented_cost(clock, 3.6))
    assert rented["memory"].total(7) == pytest.approx(seconds["memory"].total(7) / 1000)
    cache = {approach.name: kv_bytes(approach, spec) for approach in approaches(WORK)}
    assert cache["long context, warm"] == spec.kv_bytes(100_250) and cache["retrieval"] == spec.kv_bytes(4250)


@pytest.mark.parametrize(
    ("change", "message"),
    [({"document": -1}, "document's number of tokens must not be negative"), ({"questions": 0}, "at least 1"),
     ({"answer": -2}, "'answer' must not be negative, but it is -2")],
)  # fmt: skip
def test_impossible_workloads_are_refused(change, message):
    with pytest.raises(LcragError, match=message):
        Workload(**{"document": 1000} | change)
