"""Documents that come, change and go while an application serves, and what a restart finds."""

import asyncio

import pytest

from lcrag import Application, Document, MemoryReading, Routed
from lcrag.errors import LcragError
from lcrag.routers import FixedRouter
from lcrag.strategies import ChunkedRetrieval, LongContext
from lcrag.testing.world import TEXTS, CountingEmbedder
from retrievers.bm25 import BM25Retriever
from retrievers.chunkers import RecursiveChunker
from retrievers.hybrid import HybridRetriever

FOUNDED = "When was Northwind founded?"


@pytest.fixture
def serve(scripted):
    def make(strategy=None, documents=None, embedder=None, reader=None, **settings):
        embedder = embedder or CountingEmbedder()
        return Application(
            strategy or ChunkedRetrieval(k=1),
            reader or scripted(),
            TEXTS if documents is None else documents,
            retriever=HybridRetriever(embedder, RecursiveChunker(200, 0)),
            embedder=embedder,
            **settings,
        )

    return make


def test_documents_come_change_and_go_between_questions(serve):
    app = serve(documents={"south.md": TEXTS["south.md"]})
    assert app.invoke(FOUNDED)["declined"]
    assert app.add_documents({"north.md": TEXTS["north.md"]}) == {"added": 1, "replaced": 0, "unchanged": 0}
    assert app.invoke(FOUNDED)["answer"] == "1987"
    assert app.invoke({"question": FOUNDED, "documents": "north.md"})["answer"] == "1987"
    moved = {"north.md": "Northwind was moved to Oslo.", "south.md": TEXTS["south.md"]}
    assert app.add_documents(moved) == {"added": 0, "replaced": 1, "unchanged": 1}
    assert app.invoke({"question": FOUNDED, "documents": "north.md"})["declined"]
    app.remove_documents("north.md")
    with pytest.raises(LcragError, match=r"no document 'north\.md'"):
        app.invoke({"question": FOUNDED, "documents": "north.md"})
    with pytest.raises(LcragError, match=r"no document 'north\.md'"):
        app.remove_documents(["south.md", "north.md"])
    assert list(app.documents) == ["south.md"]
    with pytest.raises(LcragError, match="'blank' of the application is empty"):
        app.add_documents({"blank": " "})
    app.remove_documents("south.md")
    with pytest.raises(LcragError, match="it has none: add one"):
        app.invoke(FOUNDED)


def test_a_question_keeps_the_documents_of_the_moment_at_which_it_was_asked(serve, scripted):
    app = serve(LongContext(), reader=scripted(delay=0.3))

    async def ask_and_remove():
        asked = asyncio.create_task(app.ainvoke({"question": FOUNDED, "documents": "north.md"}))
        await asyncio.sleep(0.1)
        app.remove_documents("north.md")
        return await asked

    assert asyncio.run(ask_and_remove())["answer"] == "1987"
    assert "north.md" not in app.documents


@pytest.mark.parametrize(
    "strategy",
    [
        ChunkedRetrieval(k=1),
        MemoryReading(k=1, chunk_chars=200, keys="fact"),
        Routed(FixedRouter("chunked_retrieval"), (ChunkedRetrieval(k=1), LongContext())),
        ChunkedRetrieval(k=1, retriever=HybridRetriever(CountingEmbedder(), RecursiveChunker(100, 0))),
    ],
    ids=lambda s: f"{s.name}",
)
def test_a_restart_builds_nothing_again(strategy, serve, scripted, tmp_path):
    own = getattr(strategy, "retriever", None)
    embedder, reader = own.embedder if own else CountingEmbedder(), scripted()
    app = serve(strategy, embedder=embedder, reader=reader, keep=tmp_path)
    first = app.invoke(FOUNDED)
    calls, built = len(reader.requests), embedder.tokens
    app.invoke(FOUNDED)
    again, query = len(reader.requests) - calls, embedder.tokens - built
    assert built > 10 * query

    embedder, reader = CountingEmbedder(), scripted()
    if own:
        strategy = ChunkedRetrieval(k=1, retriever=HybridRetriever(embedder, RecursiveChunker(100, 0)))
    restarted = serve(strategy, embedder=embedder, reader=reader, keep=tmp_path)
    said = restarted.invoke(FOUNDED)
    assert (said["answer"], said["sources"]) == (first["answer"], first["sources"])
    assert (len(reader.requests), embedder.tokens) == (again, query)


def test_a_new_document_costs_only_its_own_chunks(serve, tmp_path):
    embedder = CountingEmbedder()
    app = serve(documents={"north.md": TEXTS["north.md"]}, embedder=embedder, keep=tmp_path)
    app.invoke(FOUNDED)
    before = embedder.tokens
    app.add_documents({"short.md": "Westwind rents boats."})
    app.invoke(FOUNDED)
    assert embedder.tokens - before == 3 + 4  # words of the document and of the question


def test_changes_survive_a_restart_and_win_over_what_is_given(serve, tmp_path):
    app = serve(keep=tmp_path)
    app.add_documents([Document("new", "Westwind rents boats.", {"page": 3})])
    app.add_documents({"north.md": "Northwind was moved to Oslo."})
    app.add_documents({"north.md": "Northwind was moved to Turku."})
    app.remove_documents("south.md")
    restarted = serve(keep=tmp_path)
    assert list(restarted.documents) == ["new", "north.md"]
    assert restarted.documents["new"].metadata == {"page": 3}
    assert restarted.documents["north.md"].text == "Northwind was moved to Turku."
    assert len((tmp_path / "documents.jsonl").read_text().splitlines()) == 3
    with (tmp_path / "documents.jsonl").open("a") as file:
        file.write("{nonsense}\n")
    damaged = serve(keep=tmp_path)
    assert "documents.jsonl:4 is damaged" in damaged.store.notices[0]
    assert list(damaged.documents) == ["new", "north.md"]


def test_a_memory_forgets_a_removed_document(serve, tmp_path):
    app = serve(MemoryReading(k=1, chunk_chars=200), keep=tmp_path)
    app.invoke(FOUNDED)
    app.remove_documents("north.md")
    assert b"Northwind" not in _rows(tmp_path / "memory.sqlite")


def _rows(path):
    import sqlite3

    return repr(sqlite3.connect(path).execute("SELECT * FROM items").fetchall()).encode()


def test_an_application_with_a_folder_of_its_own_may_begin_empty(serve, tmp_path):
    app = serve(documents=(), keep=tmp_path)
    app.add_documents(TEXTS)
    assert app.invoke(FOUNDED)["answer"] == "1987"
    assert serve(documents=(), keep=tmp_path).invoke(FOUNDED)["answer"] == "1987"


def test_bm25_alone_needs_no_vectors(scripted, embedder, tmp_path):
    app = Application(
        ChunkedRetrieval(k=1), scripted(), TEXTS, retriever=BM25Retriever(RecursiveChunker(200, 0)),
        embedder=embedder, keep=tmp_path,
    )  # fmt: skip
    assert app.invoke(FOUNDED)["answer"] == "1987"
    assert not (tmp_path / "vectors.db").exists()
