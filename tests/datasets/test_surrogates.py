"""Half a surrogate pair in questions, answers, kinds, ids and file names: replaced, told, and it stops nothing."""

import json
import os
from pathlib import Path

import pytest

from lcrag.datasets.base import Dataset
from lcrag.datasets.files import load_files
from lcrag.errors import LcragError
from lcrag.experiment import Experiment
from lcrag.outcomes import load_outcomes
from lcrag.schema import Document, Question
from lcrag.serving.application import Application
from lcrag.strategies import ChunkedRetrieval, LongContext

HALF = "\ud83d"
ROWS = [
    {"question": f"When {HALF}?", "answers": f"1987{HALF}", "kind": f"location{HALF}", "id": f"a{HALF}"},
    {"question": "When?", "answers": "1987", "evidence": "founded in 1987", "metadata": {HALF: [HALF]}},
    {"question": f"Where {HALF}?", "answers": "Bergen"},
]


@pytest.fixture
def loaded(tmp_path):
    (tmp_path / "docs").mkdir()
    Path(os.fsdecode(os.fsencode(tmp_path) + b"/docs/caf\xe9.md")).write_text(
        "It was founded in 1987 in Bergen."
    )
    (tmp_path / "questions.jsonl").write_text("".join(json.dumps(row) + "\n" for row in ROWS))
    return load_files(tmp_path / "docs", tmp_path / "questions.jsonl")


def test_a_run_with_halves_has_journal_table_and_report_and_tells_it(loaded, scripted, embedder, tmp_path):
    experiment = Experiment(
        loaded,
        scripted(lambda request: "1987"),
        (ChunkedRetrieval(), LongContext()),
        tmp_path / "run",
        embedder=embedder,
        mlflow="",
    )
    results = experiment.run()
    assert not results.problems and not results.failed
    table = load_outcomes(tmp_path / "run")
    assert set(table["document_id"]) == {"caf\ufffd.md"}
    assert {"a\ufffd", "When \ufffd?", "location\ufffd"} <= {*table.question_id, *table.question, *table.kind}
    assert "When \ufffd?" in (tmp_path / "run" / "report.html").read_text("utf-8")
    assert (
        "Half a surrogate pair is read as U+FFFD in 3 questions of docs, first in 'a\ufffd'."
        in experiment.check()
    )
    again = []
    experiment.run(lambda row, resumed: again.append(resumed))
    assert again == [True] * 6


def test_a_document_can_be_named_as_it_is_or_as_it_is_read(tmp_path):
    (tmp_path / "docs").mkdir()
    for name in (b"caf\xe9.md", b"b.md"):
        Path(os.fsdecode(os.fsencode(tmp_path) + b"/docs/" + name)).write_text("Text.")
    for name in ("caf\udce9.md", "caf\ufffd.md"):
        (tmp_path / "q.jsonl").write_text(json.dumps({"question": "When?", "documents": name}))
        assert load_files(tmp_path / "docs", tmp_path / "q.jsonl").questions[0].document_ids == (
            "caf\ufffd.md",
        )
    Path(os.fsdecode(os.fsencode(tmp_path) + b"/docs/caf\xea.md")).write_text("Text.")
    with pytest.raises(LcragError, match="two files have the name"):
        load_files(tmp_path / "docs", tmp_path / "q.jsonl")


def test_datasets_made_in_python_are_cleaned_and_others_are_left_as_they_are():
    question, document = Question("q", "Why?", ("d",)), Document("d", "Because.")
    dataset = Dataset("own", (document,), (question, Question("r", HALF, ("d",))))
    assert dataset.questions[0] is question and dataset.documents[0] is document
    assert dataset.questions[1].text == "\ufffd" and len(dataset.take(1).notices) == 1


def test_an_application_takes_halves(scripted, embedder):
    application = Application(
        ChunkedRetrieval(),
        scripted(lambda request: "1987"),
        {f"a{HALF}": f"In 1987 {HALF}."},
        embedder=embedder,
    )
    assert application.invoke(f"When {HALF}?")["sources"][0].metadata["document"] == "a\ufffd"
