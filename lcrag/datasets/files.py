"""The user's own documents and questions."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

from lcrag.datasets.base import Dataset
from lcrag.datasets.folder import read_folder
from lcrag.datasets.question_files import read_rows
from lcrag.datasets.rows import question_of
from lcrag.schema import Question


def load_files(documents: Path, questions: Path, demonstrations: Path | None = None) -> Dataset:
    """A folder of documents, and a file of questions: JSONL, CSV or parquet.

    Args:
        documents: The folder, read with its subfolders, without hidden files and folders: .txt, .md and .pdf, and
            with the extra ``documents`` .html, .docx and .pptx. A document's id is its path inside the folder, with
            ``/``.
        questions: Each line is an object with ``question`` and, as needed, ``id`` (by default made of the
            question and its documents, so that it stays the same wherever the line stands),
            ``documents`` (an id or a list; without it, or with ``*``, the question is about all of them, which then
            share one index), ``answers`` (one or a
            list of alternatives), ``kind``, ``choices``, ``evidence`` (quotes from the documents),
            ``answerable`` (true unless ``kind`` is hallucination), ``metadata`` and ``date`` (ISO 8601); # begins a
            comment line. In CSV and parquet these are the columns; a cell of CSV may hold a JSON list.
        demonstrations: A file of the same form; its questions are not under test, strategies may show them.

    Raises:
        LcragError: something is wrong; the message names the file and the line.
    """
    folder = read_folder(Path(documents))
    made = Counter[str]()

    def read(file: Path) -> tuple[Question, ...]:
        return tuple(question_of(row, folder.documents, made, where) for where, row in read_rows(Path(file)))

    dataset = Dataset(
        Path(documents).resolve().name,
        tuple(folder.documents.values()),
        read(questions),
        read(demonstrations) if demonstrations else (),
        folder.notices,
    )
    dataset.validate()
    return dataset
