"""A run that goes on with another context window makes again what the first window has cut, and nothing else."""

from dataclasses import replace

import pytest
from langchain_core.language_models import FakeListChatModel

from lcrag import Document, Experiment, LangChainReader, OpenAIReader
from lcrag.strategies import Cascade, ClosedBook, Ensemble, LongContext
from tests.readers.scripted_server import serving

CUT = LongContext(truncate="middle", max_tokens=16)


@pytest.fixture
def answers(dataset, embedder, tmp_path):
    """Runs with a reader, or a window and a reply; answers to n1 (long document) and s1 (short), None if failed."""
    questions = tuple(q for q in dataset.questions if q.id in {"n1", "s1"})
    documents = (
        Document("north", dataset.documents[0].text * 3),
        Document("south", "Its chief is Ada Moss."),
    )
    small = replace(dataset, documents=documents, questions=tuple(replace(q, evidence=()) for q in questions))

    def run(reader, reply="", strategy=CUT):
        if isinstance(reader, int):
            reader = LangChainReader(FakeListChatModel(responses=[reply]), context_window=reader, name="fake")
        rows = Experiment(small, reader, [strategy], tmp_path, embedder=embedder, mlflow="").run().outcomes
        return {row.question_id: None if row.error else row.answer for row in rows}

    return run


def test_rows_that_the_window_has_cut_are_made_again_and_the_others_stay(answers):
    assert answers(600, "first") == {"n1": "first", "s1": "first"}
    assert answers(600, "second") == {"n1": "first", "s1": "first"}
    assert answers(9000, "third") == {"n1": "third", "s1": "first"}
    assert answers(600, "fourth") == {"n1": "third", "s1": "first"}  # was not cut, and is as good as it was


def test_rows_that_were_too_long_are_made_again(answers):
    whole = LongContext(max_tokens=16)
    assert answers(600, "first", whole) == {"n1": None, "s1": "first"}
    assert answers(9000, "second", whole) == {"n1": "second", "s1": "first"}


@pytest.mark.slow
@pytest.mark.parametrize(
    "strategy",
    [Ensemble((ClosedBook(), CUT)), Cascade((CUT, ClosedBook()), thresholds=(2.0,))],
    ids=lambda s: s.name,
)
def test_a_row_in_which_one_of_several_answers_was_cut_is_made_again(answers, strategy):
    assert answers(600, "first", strategy)["n1"] == "first"
    assert answers(9000, "second", strategy) == {"n1": "second", "s1": "first"}


def test_a_cut_row_stays_where_the_window_cannot_be_known(answers):
    """The server of a finished run may be gone."""
    with serving() as server:
        server.models = [{"id": "m", "max_model_len": 600}]
        first = answers(OpenAIReader("m", server.url))
        assert len(server.seen) == 2
        server.models = [{"id": "m", "max_model_len": 9000}]
    assert answers(OpenAIReader("m", server.url)) == first
    assert None not in first.values()
