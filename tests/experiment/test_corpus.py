"""Questions that name no document are about all of them: one corpus, one index."""

import json

import pytest

from lcrag.datasets.files import load_files
from lcrag.errors import LcragError
from lcrag.experiment import Experiment
from lcrag.strategies import ChunkedRetrieval, LongContext
from tests.counting import CountingRetriever

ROWS = [
    {"question": "When was Northwind founded?", "answers": "1987", "evidence": "founded in 1987"},
    {"question": "Who is the chief of Southbay?", "answers": "Ada Moss", "documents": "*"},
    {"question": "Which chief of Southbay?", "answers": "Ada Moss", "documents": ["*"]},
]


@pytest.fixture
def load(tmp_path, dataset):
    (tmp_path / "docs").mkdir()
    for document in dataset.documents:
        (tmp_path / "docs" / f"{document.id}.md").write_text(document.text)

    def load(*rows):
        (tmp_path / "q.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
        return load_files(tmp_path / "docs", tmp_path / "q.jsonl")

    return load


def test_all_such_questions_share_one_index_over_all_documents(tmp_path, load, scripted, embedder):
    corpus = load(*ROWS)
    assert {q.document_ids for q in corpus.questions} == {("north.md", "south.md")}
    assert corpus.questions[0].evidence[0].document_id == "north.md"
    retriever = CountingRetriever()
    experiment = Experiment(
        corpus, scripted(), [ChunkedRetrieval(k=2), LongContext()], tmp_path / "out", retriever=retriever,
        embedder=embedder, mlflow="",
    )  # fmt: skip
    results = experiment.run()
    assert retriever.built == [("north.md", "south.md")]
    assert results.table.score.tolist() == [1.0] * 6


def test_a_question_keeps_its_id_when_the_corpus_grows(tmp_path, load):
    before = [q.id for q in load(*ROWS).questions]
    (tmp_path / "docs" / "new.md").write_text("Eastlake builds boats.")
    grown = load(*ROWS)
    assert [q.id for q in grown.questions] == before
    assert grown.questions[0].document_ids == ("new.md", "north.md", "south.md")


def test_evidence_that_no_document_holds_is_named(load):
    with pytest.raises(LcragError, match=r"q.jsonl:1: the evidence 'no such' is not in north.md or south.md"):
        load({"question": "When?", "evidence": "no such"})
