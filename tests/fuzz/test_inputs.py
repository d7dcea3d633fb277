"""Damaged tables of questions and damaged HTML and Office files are read or refused in one sentence."""

import tempfile
from pathlib import Path

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lcrag.datasets.base import Dataset
from lcrag.datasets.files import load_files
from lcrag.datasets.folder import read_folder
from tests.datasets.test_folder import HTML, docx, pptx
from tests.datasets.test_question_tables import CSV, TEXTS, frame
from tests.fuzz.spoil import fuzz, spoilt_bytes, survives


@fuzz
@given(st.data(), st.sampled_from(["q.csv", "q.parquet"]))
def test_bytes_of_tables_of_questions(data, name):
    with tempfile.TemporaryDirectory() as folder:
        place = Path(folder)
        (place / "docs").mkdir()
        for id, text in TEXTS.items():
            (place / "docs" / id).write_text(text)
        frame().to_parquet(place / "q.parquet")
        (place / "q.csv").write_text(CSV)
        (place / name).write_bytes(data.draw(spoilt_bytes((place / name).read_bytes())))
        survives(lambda: load_files(place / "docs", place / name))


@fuzz
@given(st.data(), st.sampled_from(["a.html", "a.docx", "a.pptx"]))
def test_bytes_of_html_and_office_files(data, name):
    pytest.importorskip("markitdown")
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / name
        if name == "a.html":
            path.write_text(HTML)
        else:
            {"a.docx": docx, "a.pptx": pptx}[name](path)
        path.write_bytes(data.draw(spoilt_bytes(path.read_bytes())))
        survives(lambda: read_folder(Path(folder)))


cells = st.one_of(
    st.none(), st.booleans(), st.integers(), st.floats(), st.text(max_size=9), st.datetimes(),
    st.lists(st.text(max_size=3), max_size=3), st.dictionaries(st.text(max_size=3), st.integers(), max_size=2),
)  # fmt: skip


@fuzz
@given(st.lists(st.tuples(cells, cells, cells, cells), min_size=1, max_size=4))
def test_cells_of_frames(rows):
    table = pd.DataFrame(rows, columns=["question", "answers", "evidence", "documents"])
    survives(lambda: Dataset.from_pandas(table, TEXTS))
    survives(lambda: Dataset.from_pandas(frame(), table.set_axis(["id", "text", "x", "y"], axis=1)))
