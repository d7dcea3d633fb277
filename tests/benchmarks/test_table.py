"""Tables of questions in any form, by a mapping of columns."""

import json

import pandas as pd
import pytest

from lcrag.benchmarks import load_table
from lcrag.components import build
from lcrag.errors import LcragError
from tests.benchmarks.fixtures import written

ROW = {
    "query": "Who keeps the inn?",
    "passages": [{"text": "Hartman keeps the inn."}, {"text": "Gordon keeps the mill."}],
    "label": 1,
    "options": ["Gordon", "Hartman"],
    "topic": "inns",
}
COLUMNS = {"question": "query", "context": "passages.text", "answers": "label", "choices": "options"}


def test_columns_keep_their_own_names_where_none_are_given(tmp_path):
    (question,) = load_table(written(tmp_path, "table")).questions
    assert (question.id, question.answers, question.metadata["topic"]) == ("table-1", ("Hartman",), "inns")


@pytest.mark.parametrize("form", ["jsonl", "json", "parquet", "arrow"])
def test_every_form_of_table_gives_the_same_question(tmp_path, form):
    file = tmp_path / f"test.{form}"
    if form == "arrow":
        datasets = pytest.importorskip("datasets")
        datasets.Dataset.from_list([ROW]).save_to_disk(str(tmp_path))
    elif form == "parquet":
        pd.DataFrame([ROW]).to_parquet(file)
    else:
        file.write_text(json.dumps([ROW] if form == "json" else ROW))
    dataset = load_table(file if form == "json" else tmp_path, COLUMNS)
    (question,) = dataset.questions
    assert dataset.documents[0].text == "Hartman keeps the inn.\n\nGordon keeps the mill."
    assert question.answers == ("Hartman",) and question.choices == ("Gordon", "Hartman")
    assert question.metadata == {"task": "table", "topic": "inns"}


def test_numbers_of_labels_get_their_names(tmp_path):
    (tmp_path / "train.csv").write_text("text,target\nIt is fine.,0\n")
    (tmp_path / "test-00000-of-00001.csv").write_text("text,target\nA bad inn.,1\n")
    spec = {"type": "table", "path": ".", "columns": {"question": "text", "answers": "target"}, "split": "test",
            "labels": ["good", "bad"], "instruction": "good or bad?", "metric": "choice", "name": "inns"}  # fmt: skip
    dataset = build("dataset", spec, "dataset", folder=tmp_path)
    (question,) = dataset.questions
    assert question.answers == ("bad",) and question.choices == ("good", "bad")
    assert dataset.name == "inns" and dataset.documents[0].text == "A bad inn."
    assert question.task.instruction == "good or bad?" and question.task.metric == "choice"


def test_what_is_wrong_is_told(tmp_path):
    file = tmp_path / "test.jsonl"
    file.write_text(json.dumps(ROW))
    for columns, told in (
        ({"query": "question"}, "columns: unknown key 'query'; known are: question, context"),
        ({"question": "ask"}, r"test\.jsonl:1: the key 'ask' is missing; there are: query"),
        (COLUMNS | {"context": "passages.body"}, "'passages' must be something with 'passages.body' in it"),
        (COLUMNS | {"question": "passages"}, "'passages' must be a text"),
        (COLUMNS | {"answerable": "topic"}, "'topic' must be true or false, not 'inns'"),
    ):
        with pytest.raises(LcragError, match=told):
            load_table(file, columns)
    file.write_text(json.dumps(ROW | {"label": 7}))
    with pytest.raises(LcragError, match="'label' must be one of the 2 choices, from 0, not 7"):
        load_table(file, COLUMNS)
    with pytest.raises(LcragError, match="'label' must be a number from 0 to 2"):
        load_table(file, COLUMNS, labels=("a", "b", "c"))
