"""recall@k, nDCG@k and MRR of the passages that an answer stands on."""

from itertools import permutations
from math import log2

import pytest

from lcrag.components import build
from lcrag.errors import LcragError
from lcrag.metrics import Mrr, Ndcg, Recall
from lcrag.schema import Answer, Passage, Question, Span

TEXT = "".join(chr(97 + i % 26) for i in range(1000))
GOLD = ((100, 140), (500, 540))  # two gold spans of 40 characters


def question(*spans):
    return Question("q", "?", ("d",), ("x",), evidence=tuple(Span("d", s, e, TEXT[s:e]) for s, e in spans))


def answer(*places):
    return Answer("x", tuple(Passage(TEXT[s:e], "d", s, e, 1 / r) for r, (s, e) in enumerate(places, 1)))


FIRST, SECOND, OTHER, THIRD = (90, 200), (450, 560), (700, 800), (0, 90)


def test_recall_at_k_counts_the_first_k_passages():
    at_1, at_2 = Recall("recall_at_1", 1), Recall("recall_at_2", 2)
    passages = answer(FIRST, OTHER, SECOND)
    assert at_1.score(question(*GOLD), passages) == at_2.score(question(*GOLD), passages) == 0.5
    assert at_2.score(question(*GOLD), answer(FIRST, SECOND)) == 1
    assert Recall().score(question(*GOLD), passages) == 1


def test_ndcg_by_hand():
    """Relevant at ranks 2 and 3 of 3: (1/log2 3 + 1/log2 4) / (1/log2 2 + 1/log2 3)."""
    expected = (1 / log2(3) + 1 / log2(4)) / (1 + 1 / log2(3))
    assert Ndcg().score(question(*GOLD), answer(OTHER, FIRST, SECOND)) == pytest.approx(expected)
    assert Ndcg(k=1).score(question(*GOLD), answer(OTHER, FIRST, SECOND)) == 0
    assert Ndcg(k=1).score(question(*GOLD), answer(FIRST, OTHER)) == 1
    assert Ndcg().score(question(*GOLD), answer(FIRST)) == pytest.approx(1 / (1 + 1 / log2(3)))


@pytest.mark.parametrize("k", [1, 2, 3])
@pytest.mark.parametrize("places", list(permutations((FIRST, SECOND, OTHER, THIRD), 3)))
def test_ndcg_is_that_of_scikit_learn(places, k):
    """All passages of the collection are ranked there: those that were not retrieved come last."""
    ndcg_score = pytest.importorskip("sklearn.metrics").ndcg_score
    collection = [*places, *{FIRST, SECOND, OTHER, THIRD}.difference(places)]
    truth = [place in (FIRST, SECOND) for place in collection]
    expected = ndcg_score([truth], [range(len(collection), 0, -1)], k=k)
    assert Ndcg(k=k).score(question(*GOLD), answer(*places)) == pytest.approx(expected)


def test_a_second_passage_on_the_same_evidence_brings_nothing_new():
    near = (95, 205)
    assert Ndcg().score(question(GOLD[0]), answer(FIRST, near)) == 1
    assert Ndcg().score(question(*GOLD), answer(FIRST, near, SECOND)) == pytest.approx(
        1.5 / (1 + 1 / log2(3))
    )
    assert Ndcg().score(question(*GOLD), answer((90, 560))) == 1  # both spans in one passage


def test_reciprocal_rank():
    assert Mrr().score(question(*GOLD), answer(OTHER, THIRD, SECOND)) == pytest.approx(1 / 3)
    assert Mrr(k=2).score(question(*GOLD), answer(OTHER, THIRD, SECOND)) == 0
    assert Mrr().score(question(*GOLD), answer(FIRST)) == 1


def test_relevant_is_what_has_half_of_the_evidence_or_lies_half_in_it():
    half, less, inside = (120, 300), (121, 300), (110, 120)
    assert Mrr().score(question(GOLD[0]), answer(half)) == 1
    assert Mrr().score(question(GOLD[0]), answer(less)) == 0
    assert Mrr().score(question(GOLD[0]), answer(inside)) == 1
    assert (
        Mrr().score(question((0, 1000)), answer((400, 500))) == 1
    )  # the evidence is longer than the passage
    elsewhere = Answer("x", (Passage(TEXT[90:200], "other", 90, 200),))
    assert Mrr().score(question(GOLD[0]), elsewhere) == 0


@pytest.mark.parametrize("metric", [Ndcg(), Mrr(), Recall("recall_at_5", 5)])
def test_they_need_passages_and_gold_evidence(metric):
    assert metric.score(question(), answer(FIRST)) is None
    assert metric.score(question(*GOLD), answer()) is None


@pytest.mark.parametrize("order", ["score", "reversed", "document", "sides"])
async def test_ranks_are_the_retrievers_however_the_prompt_orders_passages(order):
    from lcrag.runtime.toolbox import MeteredToolbox
    from lcrag.strategies import ChunkedRetrieval
    from lcrag.testing.world import dataset, reader, resources

    query = dataset().questions[0]
    tools = MeteredToolbox(resources(reader()), salt="chunked_retrieval")
    reply = await ChunkedRetrieval(k=5, order=order).answer(query, tools)
    ranking = [p.score for p in reply.evidence]
    assert len(set(ranking)) > 1
    assert ranking == sorted(ranking, reverse=True)
    assert Mrr().score(query, reply) == Ndcg(k=1).score(query, reply) == 1


@pytest.mark.parametrize("kind", ["recall", "ndcg", "mrr"])
def test_a_k_that_is_not_a_number_of_passages_is_told(kind):
    with pytest.raises(LcragError, match="needs k of at least 1, not 0"):
        build("metric", {"type": kind, "k": 0}, "here")


def test_recall_at_k_may_not_take_the_name_of_recall():
    with pytest.raises(LcragError, match="such as `name: recall_at_5`"):
        build("metric", {"type": "recall", "k": 5}, "here")
