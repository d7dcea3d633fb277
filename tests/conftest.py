"""Shared by all tests: a tiny dataset, a fast embedder and a toolbox over a scripted reader."""

from __future__ import annotations

import logging
import os
from collections.abc import Callable
from pathlib import Path

import pytest

os.environ.setdefault("HF_HUB_OFFLINE", "1")
os.environ.setdefault("MPLBACKEND", "Agg")
os.environ.pop("COLUMNS", None)  # pytest-xdist sets it, and tables would drop columns


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """All of LaRA takes half a minute to read."""
    for item in items:
        if "lara" in getattr(item, "fixturenames", ()):
            item.add_marker(pytest.mark.slow)


@pytest.fixture(autouse=True)
def loud():
    """The command line quiets the loggers of its process; the next test hears them again."""
    level = logging.getLogger("lcrag").level
    yield
    logging.getLogger("lcrag").setLevel(level)


@pytest.fixture
def record_property(record_property):
    """As pytest's, with numpy's numbers as Python's: they travel between processes."""
    return lambda name, value: record_property(name, value.item() if hasattr(value, "item") else value)


@pytest.fixture
def embedder():
    from lcrag.testing.world import WordEmbedder

    return WordEmbedder()


@pytest.fixture
def dataset():
    """Two documents, six questions of all kinds; every gold evidence stands in its document."""
    from lcrag.datasets.base import Dataset
    from lcrag.schema import Document, Question, Span

    texts = {
        "north": "Northwind sells kites. " * 30
        + "It was founded in 1987 in Bergen. "
        + "Kites need wind. " * 30,
        "south": "Southbay makes lamps. " * 30 + "Its chief is Ada Moss. " + "Lamps give light. " * 30,
    }

    def span(document: str, quote: str) -> Span:
        start = texts[document].index(quote)
        return Span(document, start, start + len(quote), quote)

    return Dataset(
        "tiny",
        tuple(Document(i, t) for i, t in texts.items()),
        (
            Question("n1", "When was Northwind founded?", ("north",), ("1987",), "location",
                     evidence=(span("north", "It was founded in 1987 in Bergen."),)),
            Question("n2", "What does Northwind sell?", ("north",), ("kites",), "reasoning"),
            Question("n3", "Who is Northwind's auditor?", ("north",), (), "hallucination", answerable=False),
            Question("s1", "Who is the chief of Southbay?", ("south",), ("Ada Moss",), "location",
                     evidence=(span("south", "Its chief is Ada Moss."),)),
            Question("s2", "Which gives light?", ("south",), ("lamps",), "comparison", choices=("kites", "lamps")),
            Question("s3", "How many ships has Southbay?", ("south",), (), "hallucination", answerable=False),
        ),
    )  # fmt: skip


@pytest.fixture
def scripted() -> Callable:
    """A reader that finds its answer in the prompt: knows the tiny dataset's facts when they are shown."""
    from lcrag.readers.scripted import ScriptedReader

    def respond(request) -> str:
        seen = request.messages[-1].content
        facts = {"founded?": ("founded in 1987", "1987"), "sell?": ("sells kites", "Kites."),
                 "chief of": ("chief is Ada Moss", "Ada Moss"), "gives light": ("Lamps give", "B")}  # fmt: skip
        for cue, (evidence, answer) in facts.items():
            if cue in seen and evidence in seen:
                return (
                    f"- It was founded in 1987 in Bergen.\n- {evidence}"
                    if "word for word" in seen
                    else answer
                )
        return "unanswerable"

    def make(respond=respond, **settings) -> ScriptedReader:
        return ScriptedReader(respond, **settings)

    return make


@pytest.fixture
def data() -> Path:
    """The folder of published benchmark data; tests that need it are skipped where it is not there."""
    folder = Path(os.environ.get("LCRAG_DATA", Path(__file__).parents[2] / "shared" / "data"))
    if not folder.is_dir():
        pytest.skip(f"no benchmark data: {folder} is not there (set LCRAG_DATA)")
    return folder
