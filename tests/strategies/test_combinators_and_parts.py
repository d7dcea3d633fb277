"""Cascades, ensembles, long texts in parts, long answers."""

import pytest

from lcrag.metrics.length import length_score
from lcrag.metrics.score import score
from lcrag.schema import Answer, Question
from lcrag.strategies import (
    Cascade,
    ChainOfAgents,
    ChunkedRetrieval,
    ClosedBook,
    Ensemble,
    LongContext,
    MapReduce,
    Refine,
)
from lcrag.strategies.acceptors import SelfRating, Supported
from tests.strategies.conftest import ask


@pytest.mark.parametrize(
    ("rating", "stage", "confidence"),
    [("90", 1, 0.9), ("I say 40%", 2, 0.4), ("Sure!", 2, 0.0), ("250", 1, 1.0)],
)
def test_a_cascade_by_self_rating(rating, stage, confidence, dataset, scripted, embedder):
    reader = scripted(["1987", rating, "in 1987"])
    strategy = Cascade((ChunkedRetrieval(k=1), LongContext()), accept=SelfRating(), thresholds=(0.6,))
    answer, tools = ask(strategy, dataset, reader, embedder)
    assert answer.notes["stage"] == stage
    assert answer.notes.get("confidence", confidence) == confidence
    assert tools.ledger["route"].calls == 1


def test_a_cascade_by_support_and_one_threshold_a_stage(dataset, scripted, embedder):
    stages = (ChunkedRetrieval(k=1), ChunkedRetrieval(k=2, name="two"), LongContext())
    strategy = Cascade(stages, accept=Supported(), thresholds=(1.0, 0.5))
    answer, _ = ask(strategy, dataset, scripted(["founded by trolls", "founded by trolls in 1987"]), embedder)
    assert (answer.notes["stage"], answer.notes["confidence"]) == (2, 0.6)
    with pytest.raises(ValueError, match="3 thresholds for 2 strategies"):
        Cascade((ClosedBook(), LongContext()), thresholds=(0.1, 0.2, 0.3))


def test_an_ensemble_takes_what_most_agree_on(dataset, scripted, embedder):
    three = Ensemble((ClosedBook(), ChunkedRetrieval(k=1), LongContext()))

    def talk(*said):
        marks = ("You answer questions.", "Passage 1", "Text:")  # closed book, retrieval, long context
        return lambda r: next(s for s, m in zip(said, marks, strict=True) if m in str(r.messages))

    answer, tools = ask(three, dataset, scripted(talk("1978", "1987", "The 1987.")), embedder)
    assert (answer.text, answer.notes["agreement"]) == ("1987", pytest.approx(2 / 3))
    assert tools.ledger["read"].calls == 3
    tie, _ = ask(three, dataset, scripted(talk("1978", "unanswerable", "1987")), embedder)
    assert tie.text == "1978"


def test_map_reduce_leaves_out_parts_that_decline(dataset, scripted, embedder):
    reader = scripted(lambda r: "1987" if "founded in 1987" in r.messages[-1].content else "unanswerable")
    answer, _ = ask(MapReduce(part_chars=600), dataset, reader, embedder)
    assert answer.notes["parts"] == len(reader.requests) - 1 > 1
    assert answer.notes["answered"] == 1 and len(answer.evidence) == 1
    assert "- 1987" in reader.requests[-1].messages[-1].content
    nobody = scripted(lambda r: "unanswerable")
    answer, _ = ask(MapReduce(part_chars=600), dataset, nobody, embedder)
    assert answer.declined and len(nobody.requests) == answer.notes["parts"]


def test_refine_betters_and_never_gives_up_an_answer(dataset, scripted, embedder):
    replies = iter(["1978", "1987", "unanswerable"])
    reader = scripted(lambda r: next(replies, "1987"))
    answer, _ = ask(Refine(part_chars=600), dataset, reader, embedder)
    assert (answer.text, answer.notes["changes"]) == ("1987", 1)
    assert "The answer so far: 1978" in reader.requests[1].messages[-1].content


def test_agents_pass_on_their_messages(dataset, scripted, embedder):
    reader = scripted(
        lambda r: "1987" if "readers of a long text" in r.messages[-1].content else "Founded: 1987."
    )
    answer, _ = ask(ChainOfAgents(part_chars=600), dataset, reader, embedder)
    assert answer.text == "1987"
    first, second, *_, manager = (r.messages[-1].content for r in reader.requests)
    assert "earlier readers" not in first and "pass on:\nFounded: 1987." in second
    assert "Kites need wind" not in manager


def test_the_length_score():
    assert length_score(1000, 1000) == 1
    assert length_score(2000, 1000) == pytest.approx(2 / 3)
    assert length_score(500, 1000) == 0.5
    assert length_score(0, 1000) == length_score(5000, 1000) == 0
    question = Question("q", "Write.", ("d",), metadata={"words": 4})
    assert score(question, Answer("two words"))["length"] == 0.5
