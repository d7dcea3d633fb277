"""A routed strategy in an application."""

import asyncio

import pytest

from lcrag import Application, LaRARule, ProbeRouter, QualityRouter, Routed, load_router, save_router
from lcrag.errors import LcragError
from lcrag.strategies import ChunkedRetrieval, LongContext
from retrievers.bm25 import BM25Retriever
from tests.routers.conftest import make_examples

STRATEGIES = (ChunkedRetrieval(k=2), LongContext())


@pytest.fixture
def application(dataset, scripted, embedder):
    def make(strategy, reader=None):
        return Application(
            strategy, reader or scripted(), dataset.documents, retriever=BM25Retriever(), embedder=embedder
        )

    return make


def test_a_question_and_its_result(application):
    app = application(Routed(LaRARule(), STRATEGIES))
    said = app.invoke({"question": "When was Northwind founded?", "documents": ["north"], "kind": "location"})
    assert said["answer"] == "1987" and not said["declined"]
    one_id = {"question": "When was Northwind founded?", "documents": "north", "kind": "location"}
    assert app.invoke(one_id)["answer"] == "1987"
    assert said["strategy"] == "chunked_retrieval"
    (source, *_) = said["sources"]
    assert "founded in 1987" in " ".join(s.page_content for s in said["sources"])
    assert source.metadata["document"] == "north"
    assert said["usage"]["prompt_tokens"] > 0 and said["routing"]["calls"] == 0


def test_it_is_a_runnable(application):
    from langchain_core.runnables import RunnableLambda

    app = application(Routed(LaRARule(), STRATEGIES))
    chain = RunnableLambda(str.strip) | app | (lambda said: said["answer"])
    assert chain.invoke("  When was Northwind founded? ") == "1987"
    assert chain.batch(["When was Northwind founded?", "Who is the chief of Southbay?"]) == [
        "1987",
        "Ada Moss",
    ]
    assert asyncio.run(chain.ainvoke("When was Northwind founded?")) == "1987"
    assert asyncio.run(chain.ainvoke("When was Northwind founded?")) == "1987"  # another loop


def test_three_lines(application, tmp_path):
    save_router(QualityRouter(probe="chunked_retrieval").fit(make_examples()), tmp_path / "r.router")
    app = application(Routed(load_router(tmp_path / "r.router"), STRATEGIES))
    assert app.invoke("When was Northwind founded?")["answer"] == "1987"


def test_an_accepted_probe_is_not_asked_twice(application, scripted):
    reader = scripted()
    app = application(Routed(ProbeRouter(), STRATEGIES), reader)
    assert app.invoke({"question": "When was Northwind founded?", "documents": ["north"]})["answer"] == "1987"
    assert len(reader.requests) == 1
    said = app.invoke({"question": "Who is Northwind's auditor?", "documents": ["north"]})
    assert said["strategy"] == "long_context" and said["declined"]
    assert len(reader.requests) == 3


def test_bad_input(application, scripted, embedder):
    app = application(LongContext())
    for bad in ("", {"text": "?"}, {"question": 3}, 7):
        with pytest.raises(
            LcragError, match="Give a question as a text, or as a mapping with the key 'question'"
        ):
            app.invoke(bad)
    with pytest.raises(LcragError, match="no document 'nord'; did you mean 'north'"):
        app.invoke({"question": "When?", "documents": ["nord"]})
    with pytest.raises(LcragError, match="at least one document"):
        Application(LongContext(), scripted(), [], embedder=embedder)


def test_a_folder_of_documents(tmp_path, scripted, embedder):
    (tmp_path / "north.md").write_text("It was founded in 1987.")
    app = Application(LongContext(), scripted(), tmp_path, retriever=BM25Retriever(), embedder=embedder)
    assert app.invoke("When was Northwind founded?")["answer"] == "1987"
