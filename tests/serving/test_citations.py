"""Every answer says where in the documents it comes from."""

import pytest

from lcrag import Answer, Application, Document, Passage, RetrieveThenReason
from lcrag.serving.citations import citations
from lcrag.testing.world import TEXTS, WordEmbedder, dataset, reader
from retrievers.bm25 import BM25Retriever
from retrievers.chunkers import RecursiveChunker
from tests.strategies.conftest import MATRIX

FOUNDED = "When was Northwind founded?"


def serve(strategy, model=None):
    return Application(
        strategy,
        model or reader(),
        TEXTS,
        retriever=BM25Retriever(RecursiveChunker(200, 0)),
        embedder=WordEmbedder(),
        demonstrations=dataset(),
    )


@pytest.mark.parametrize("strategy", MATRIX, ids=lambda s: s.name)
def test_citations_are_spans_of_the_documents(strategy):
    result = serve(strategy).invoke({"question": FOUNDED, "documents": "north.md"})
    for cited in result["citations"]:
        assert TEXTS[cited["document"]][cited["start"] : cited["end"]] == cited["text"]
    placed = [s for s in result["sources"] if s.metadata["end"] > s.metadata["start"]]
    assert bool(result["citations"]) == (bool(placed) and not result["declined"])


def test_quoted_sentences_come_before_the_passages(scripted):
    (first, *_) = serve(RetrieveThenReason(), scripted()).invoke(FOUNDED)["citations"]
    quote = "It was founded in 1987 in Bergen."
    start = TEXTS["north.md"].index(quote)
    assert first == {"document": "north.md", "start": start, "end": start + len(quote), "text": quote}


def test_what_has_no_place_is_not_cited():
    documents = {"a": Document("a", "One fact. Another fact."), "b": Document("b", "One more.")}
    made_up = Passage("A summary.", "a", 0, 0), Passage("gone", "c", 0, 4), Passage("long", "a", 0, 99)
    answer = Answer(
        "x", (Passage("Another fact.", "a", 10, 23), *made_up), quotes=("another\nfact", "no fact")
    )
    assert citations(answer, documents, ["a", "b"]) == [
        {"document": "a", "start": 10, "end": 22, "text": "Another fact"},
        {"document": "a", "start": 10, "end": 23, "text": "Another fact."},
    ]
    declined = Answer("x", answer.evidence, declined=True)
    assert citations(declined, documents, ["a"]) == []
