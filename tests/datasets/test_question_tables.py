"""Questions as CSV, parquet and data frames say the same as JSONL, and mistakes name file and line."""

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from lcrag.datasets.base import Dataset
from lcrag.datasets.files import load_files
from lcrag.errors import LcragError
from lcrag.schema import Document

TEXTS = {"north.md": "It was founded in 1987, in Bergen.", "south.md": "Southbay makes lamps."}
ROWS = [
    {"id": "007", "question": "When, or since when?", "documents": "north.md", "answers": ["1987", "since 1987"],
     "kind": "location", "evidence": "founded in 1987, in Bergen", "date": "2024-05-31"},
    {"question": "Which?", "documents": ["north.md", "south.md"], "choices": ["kites", "lamps"], "answers": "B",
     "metadata": {"hard": True}},
    {"question": "Who audits it?", "documents": "north.md", "answerable": False},
]  # fmt: skip
CSV = """id,question,documents,answers,kind,evidence,choices,answerable,metadata,date
007,"When, or since when?",north.md,"[""1987"", ""since 1987""]",location,"founded in 1987, in Bergen",,,,2024-05-31
,Which?,"[""north.md"", ""south.md""]",B,,,"[""kites"", ""lamps""]",,"{""hard"": true}",
,Who audits it?,north.md,,,,,False,,
"""


@pytest.fixture
def docs(tmp_path):
    folder = tmp_path / "docs"
    folder.mkdir()
    for name, text in TEXTS.items():
        (folder / name).write_text(text)
    return folder


@pytest.fixture
def expected(docs, tmp_path):
    (tmp_path / "q.jsonl").write_text("".join(json.dumps(row) + "\n" for row in ROWS))
    return load_files(docs, tmp_path / "q.jsonl")


@pytest.mark.parametrize("text", [CSV, "\ufeff" + CSV, CSV.replace("\n", "\r\n")])
def test_csv_says_the_same_as_jsonl(docs, tmp_path, expected, text):
    (tmp_path / "q.csv").write_text(text, "utf-8", newline="")
    loaded = load_files(docs, tmp_path / "q.csv")
    assert loaded.questions == expected.questions
    assert not loaded.questions[2].answerable


def test_semicolons_and_tabs_separate_too(docs, tmp_path):
    for separator in ";\t":
        (tmp_path / "q.csv").write_text(
            f"question{separator}documents\nWhen, and where?{separator}north.md\n"
        )
        (question,) = load_files(docs, tmp_path / "q.csv").questions
        assert (question.text, question.document_ids) == ("When, and where?", ("north.md",))


def frame():
    rows = [
        {
            k: [v] if k in ("documents", "answers", "evidence", "choices") and isinstance(v, str) else v
            for k, v in r.items()
        }
        for r in ROWS
    ]
    return pd.DataFrame(rows)


def test_parquet_and_frames_say_the_same_as_jsonl(docs, tmp_path, expected):
    frame().to_parquet(tmp_path / "q.parquet")
    assert load_files(docs, tmp_path / "q.parquet").questions == expected.questions
    for documents in (docs, str(docs), TEXTS, [Document(*item) for item in TEXTS.items()],
                      pd.DataFrame(TEXTS.items(), columns=["id", "text"])):  # fmt: skip
        dataset = Dataset.from_pandas(frame(), documents, name="docs")
        assert dataset.questions == expected.questions and dataset.documents == expected.documents
        assert dataset.digest == expected.digest


def test_values_of_numpy_and_pandas_are_plain(docs):
    table = pd.DataFrame({"question": ["a", "b", "c"], "answers": [1987.0, np.nan, 12], "documents": "north.md",
                          "choices": [None, np.array(["x", "y"]), pd.NA],
                          "date": pd.to_datetime(["2024-05-31", None, "2024-06-01"])})  # fmt: skip
    first, second, _ = Dataset.from_pandas(table, docs).questions
    assert first.answers == ("1987",) and first.metadata == {"date": "2024-05-31T00:00:00"}
    assert second.choices == ("x", "y") and second.answers == ()


class Hf:
    """Stands for ``datasets.Dataset``, which has ``to_pandas``."""

    def __init__(self, table):
        self.table = table

    def to_pandas(self):
        return self.table


def test_a_hugging_face_dataset_is_read_by_its_to_pandas(expected):
    documents = Hf(pd.DataFrame({"id": list(TEXTS), "text": list(TEXTS.values()), "year": [1, None]}))
    dataset = Dataset.from_hf(Hf(frame()), documents, demonstrations=Hf(frame()[2:].assign(id="d")))
    assert dataset.questions == expected.questions and dataset.documents[0].metadata == {"year": 1}
    assert [q.id for q in dataset.demonstrations] == ["d"] and dataset.name == "dataset"
    with pytest.raises(
        LcragError, match=r"questions: dict is not a table; choose a split, such as dataset\['test'\]"
    ):
        Dataset.from_hf({"test": Hf(frame())}, documents)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("question,answer\na,b\n", r"q.csv:2: unknown key 'answer'; did you mean 'answers'\?"),
        ("question,documents\na,north.md\nb,x.md\n", r"q.csv:3: there is no document 'x.md'"),
        ('question,documents\n"a\nb",north.md\nc,x.md\n', r"q.csv:4: there is no document 'x.md'"),
        ("question,documents\na,b,c\n", r"q.csv:2: the line has more cells than the header"),
        ('question,documents\n"a"b,north.md\n', r"q.csv:2: the line is not CSV"),
        ("question,documents\n,north.md\n", r"q.csv:2: 'question' is missing"),
        ("question,answerable\na,perhaps\n", r"q.csv:2: 'answerable' must be true or false, not \"perhaps\""),
        ("question,metadata\na,text\n", r"q.csv:2: 'metadata' must be an object"),
        ("question,documents\n", r"q.csv: there is no question in it yet"),
        ("", r"q.csv: there is no question in it yet"),
    ],
)
def test_a_bad_line_of_csv_is_named(docs, tmp_path, text, message):
    (tmp_path / "q.csv").write_text(text)
    with pytest.raises(LcragError, match=message):
        load_files(docs, tmp_path / "q.csv")


def test_a_bad_row_of_a_table_is_named(docs, tmp_path):
    Path(tmp_path / "q.parquet").write_bytes(b"PAR1 no")
    with pytest.raises(LcragError, match=r"q.parquet: it cannot be read as parquet \("):
        load_files(docs, tmp_path / "q.parquet")
    pd.DataFrame({"question": ["a", None]}).to_parquet(tmp_path / "q.parquet")
    with pytest.raises(LcragError, match=r"q.parquet: row 2: 'question' is missing"):
        load_files(docs, tmp_path / "q.parquet")
    for questions, documents, message in (
        (pd.DataFrame({"question": ["a"], "query": ["b"]}), docs, r"questions: row 0: unknown key 'query'"),
        (pd.DataFrame({"question": []}), docs, r"questions: the table has no row"),
        ([1], docs, r"questions: list is not a table; give a DataFrame"),
        (frame(), pd.DataFrame({"text": ["a"]}), r"documents: row 0: 'id' is missing"),
        (frame(), {"a": 3}, r"documents: 'a': 'text' must be a text, not 3"),
        (frame(), ["a"], r"documents: list is not a table"),
    ):
        with pytest.raises(LcragError, match=message):
            Dataset.from_pandas(questions, documents)
