import asyncio
from collections import Counter

import pytest

from lcrag.errors import LcragError
from lcrag.routers import FixedRouter, LaRARule, Query, RandomRouter, Routed
from lcrag.routers.lara_rule import guess_kind
from lcrag.runtime.resources import Resources
from lcrag.runtime.toolbox import MeteredToolbox
from lcrag.strategies import ChunkedRetrieval, LongContext
from retrievers.bm25 import BM25Retriever

CANDIDATES = {s.name: s for s in (LongContext(), ChunkedRetrieval())}


def choose(router, kind="", text="What is it?", id="q"):
    (decision,) = router.choose([Query(id, text, kind)], list(CANDIDATES))
    return decision.strategy


@pytest.mark.parametrize(
    ("kind", "strategy"),
    [
        ("location", "chunked_retrieval"),
        ("hallucination", "chunked_retrieval"),
        ("reasoning", "long_context"),
        ("comparison", "long_context"),
    ],
)
def test_the_lara_rule(kind, strategy):
    assert choose(LaRARule(), kind) == strategy


def test_an_unknown_kind_is_guessed():
    assert guess_kind("Which has more staff, Kite or Lamp?") == "comparison"
    assert guess_kind("How many offices were opened in total?") == "reasoning"
    assert guess_kind("Where was Northwind founded?") == "location"
    assert choose(LaRARule(), "", "Where was Northwind founded?") == "chunked_retrieval"


def test_random_is_seeded_by_question_and_about_even():
    router = RandomRouter(seed=1)
    picks = Counter(choose(router, id=f"q{i}") for i in range(400))
    assert 160 < picks["long_context"] < 240
    assert choose(router, id="q7") == choose(router, id="q7")
    assert [choose(RandomRouter(2), id=f"q{i}") for i in range(20)] != [
        choose(router, id=f"q{i}") for i in range(20)
    ]


def test_fixed_and_its_error():
    assert choose(FixedRouter("long_context")) == "long_context"
    with pytest.raises(
        LcragError, match="chose 'nothing', but the strategies are: long_context, chunked_retrieval"
    ):
        choose(FixedRouter("nothing"))


def test_routed_is_a_strategy(dataset, scripted, embedder):
    reader = scripted()
    resources = Resources(reader, {d.id: d for d in dataset.documents}, BM25Retriever(), embedder)
    routed = Routed(LaRARule(), tuple(CANDIDATES.values()))
    answer = asyncio.run(routed.answer(dataset.questions[0], MeteredToolbox(resources, "routed")))
    assert answer.text == "1987"
    assert answer.steps[0].output == "chunked_retrieval"
    assert len(reader.requests) == 1
