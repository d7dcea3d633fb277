"""The user's own files: real text, Markdown and PDF, and one clear sentence for each mistake."""

import json
import os
import tempfile
from contextlib import contextmanager
from pathlib import Path

import pytest

from lcrag.datasets.files import load_files
from lcrag.errors import LcragError

TEXT = "Northwind sells kites. It was founded in 1987 in\nBergen. Kites need wind."


def pdf(path, text="", password=""):
    """A real PDF of one page, made by matplotlib."""
    from matplotlib.figure import Figure
    from pypdf import PdfReader, PdfWriter

    figure = Figure()
    if text:
        figure.text(0.1, 0.5, text)
    figure.savefig(path, format="pdf")
    if password:
        writer = PdfWriter(PdfReader(path))
        writer.encrypt(password)
        writer.write(path)


@pytest.fixture
def own(tmp_path):
    folder = tmp_path / "docs"
    (folder / "sub").mkdir(parents=True)
    (folder / "north.md").write_text(TEXT)
    (folder / "sub" / "south.txt").write_text("\ufeffSouthbay makes lamps.", "utf-8")
    return tmp_path


def load(own, *rows):
    lines = [r if isinstance(r, str) else json.dumps(r) for r in rows]
    (own / "questions.jsonl").write_text("\n".join(lines) + "\n")
    return load_files(own / "docs", own / "questions.jsonl")


def test_everything_a_question_can_say_is_read(own):
    (own / "docs" / ".hidden.txt").write_text("x")
    (own / "docs" / "picture.png").write_bytes(b"\x89PNG")
    loaded = load(
        own,
        {"id": 7, "question": "When?", "documents": "north.md", "answers": 1987, "kind": "location",
         "evidence": "It was founded in 1987 in Bergen.", "date": "2024-05-31", "metadata": {"hard": True}},
        "",
        {"question": "Which?", "documents": ["north.md", "sub/south.txt"], "choices": ["kites", "lamps"],
         "answers": ["B"]},
        {"question": "Who audits?", "documents": "north.md", "kind": "hallucination"},
    )  # fmt: skip
    assert [d.id for d in loaded.documents] == ["north.md", "sub/south.txt"]
    assert loaded.documents[1].text == "Southbay makes lamps."
    first, second, third = loaded.questions
    assert (first.id, first.answers, first.kind) == ("7", ("1987",), "location")
    assert first.metadata == {"hard": True, "date": "2024-05-31"}
    assert first.evidence[0].text == "It was founded in 1987 in\nBergen."
    assert second.id.startswith("which-") and second.document_ids == ("north.md", "sub/south.txt")
    assert not third.answerable and first.answerable


def test_a_question_keeps_its_id_wherever_its_line_stands(own):
    first = {"question": "When was Northwind founded, and by whom was it led then?", "documents": "north.md"}
    second = {"question": "???", "documents": "north.md"}
    before = [q.id for q in load(own, first, second).questions]
    assert before[0].startswith("when-was-northwind-founded-and-") and len(before[0]) <= 41
    assert before[1].startswith("question-")
    new = {"question": "What is new?", "documents": "north.md"}
    assert [q.id for q in load(own, new, second, first).questions][1:] == before[::-1]
    elsewhere = first | {"documents": "sub/south.txt"}
    assert load(own, elsewhere).questions[0].id != before[0]


def test_duplicates_without_an_id_are_told_apart_in_their_order(own):
    row = {"question": "When?", "documents": "north.md"}
    (own / "shown.jsonl").write_text(json.dumps(row) + "\n")
    load(own, row, row | {"answers": "1987"})
    loaded = load_files(own / "docs", own / "questions.jsonl", own / "shown.jsonl")
    first, second = (q.id for q in loaded.questions)
    assert (second, loaded.demonstrations[0].id) == (f"{first}-2", f"{first}-3")


def test_a_single_document_need_not_be_named_and_umlauts_survive(tmp_path):
    (tmp_path / "docs").mkdir()
    (tmp_path / "docs" / "über.txt").write_text("Grünwald führt.", "utf-8")
    (question,) = load(tmp_path, {"question": "Wer führt?", "answers": "Grünwald"}).questions
    assert question.document_ids == ("über.txt",)


def test_a_real_pdf(own):
    pdf(own / "docs" / "lamps.PDF", "Southbay makes lamps.")
    loaded = load(own, {"question": "What?", "documents": "lamps.PDF", "evidence": "makes lamps"})
    assert "Southbay makes lamps." in loaded.document("lamps.PDF").text


@pytest.mark.parametrize(
    ("row", "message"),
    [
        ('{"question": ', r"questions.jsonl:2: the line is not JSON"),
        ("[" * 5000, r"questions.jsonl:2: the line is not JSON \(RecursionError"),
        ("9" * 5000, r"questions.jsonl:2: the line is not JSON \(ValueError"),
        ("[1]", r"questions.jsonl:2: a line must be an object"),
        ({"question": "a", "answer": "x"}, r"questions.jsonl:2: unknown key 'answer'; did you mean 'answers'\?"),
        ({"question": "a", "zzz": "x"}, r"unknown key 'zzz'; known are: id, question"),
        ({"question": " "}, r"questions.jsonl:2: 'question' is missing or is not text"),
        ({"question": "a", "documents": "nort.md"}, r"no document 'nort.md'; did you mean 'north.md'\?"),
        ({"question": "a", "documents": "north.md", "answers": [{"a": 1}]}, r"'answers' must be a text or a list"),
        ({"question": "a", "documents": "north.md", "evidence": "no such"}, r"is not in north.md"),
        ({"question": "a", "documents": "north.md", "answerable": "yes"}, r"'answerable' must be true or false"),
        ({"question": "a", "documents": "north.md", "choices": ["x"], "answers": "y"}, r"not one of the choices"),
        ({"question": "a", "documents": "north.md", "choices": list("abcdefghijkl")}, r"has 12 choices, at most 10"),
        ({"question": "a", "documents": "north.md", "date": "May"}, r"'date' must be ISO 8601"),
        ({"question": "a", "documents": "north.md", "metadata": 3}, r"'metadata' must be an object"),
        ({"question": "a", "documents": "north.md", "id": "q0"}, r"Two questions of docs have the id 'q0'"),
    ],
)  # fmt: skip
def test_a_bad_line_names_file_and_line(own, row, message):
    with pytest.raises(LcragError, match=message):
        load(own, {"id": "q0", "question": "a", "documents": "north.md"}, row)


def test_bad_documents_are_named(own):
    ok = {"question": "a", "documents": "north.md"}
    cases = [
        (lambda p: p.write_text(" \n"), r"bad.txt: the document is empty", "bad.txt"),
        (lambda p: p.write_bytes(b"caf\xe9"), r"bad.txt: byte 3 is not UTF-8", "bad.txt"),
        (lambda p: p.write_bytes(b"no pdf"), r"bad.pdf: it cannot be read as a PDF", "bad.pdf"),
        (lambda p: pdf(p), r"bad.pdf: the PDF contains no text", "bad.pdf"),
        (lambda p: pdf(p, "text", "secret"), r"bad.pdf: the PDF is encrypted", "bad.pdf"),
    ]
    for spoil, message, name in cases:
        path = own / "docs" / name
        spoil(path)
        with pytest.raises(LcragError, match=message):
            load(own, ok)
        path.unlink()


@contextmanager
def unprivileged():
    """As a user whom permissions bind, since tests often run as root."""
    root = os.geteuid() == 0
    if root:
        os.seteuid(65534)
    try:
        yield
    finally:
        if root:
            os.seteuid(0)


@pytest.fixture
def open_folder():
    """Pytest's own folders are closed to other users."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        folder.chmod(0o755)
        (folder / "docs" / "sub").mkdir(parents=True)
        for place in ("docs/a.md", "docs/sub/b.md", "docs/sub/c.pdf"):
            (folder / place).write_text("Text.")
        (folder / "docs" / "sub" / "c.pdf").unlink()
        (folder / "q.jsonl").write_text('{"question": "When?", "documents": "a.md"}\n')
        yield folder
        for path in (folder, *folder.rglob("*")):
            path.chmod(0o755)


@pytest.mark.parametrize(
    ("place", "message"),
    [
        ("docs", r"docs: the folder cannot be read \(Permission denied\)"),
        (
            "docs/sub",
            r"sub: the folder cannot be read \(Permission denied\); change its permissions or move it",
        ),
        (
            "docs/sub/b.md",
            r"b.md: it cannot be read \(Permission denied\); change its permissions or remove it",
        ),
        ("q.jsonl", r"q.jsonl: it cannot be read \(Permission denied\)"),
    ],
)
def test_what_may_not_be_read_is_named_and_not_left_out(open_folder, place, message):
    (open_folder / place).chmod(0)
    with unprivileged(), pytest.raises(LcragError, match=message):
        load_files(open_folder / "docs", open_folder / "q.jsonl")


def test_a_link_to_nowhere_and_a_pipe_are_named_too(own):
    (own / "docs" / "gone.md").symlink_to("nowhere.md")
    with pytest.raises(LcragError, match=r"gone.md: it cannot be read \(No such file"):
        load(own, {"question": "When?", "documents": "north.md"})
    (own / "docs" / "gone.md").unlink()
    os.mkfifo(own / "docs" / "pipe.md")
    with pytest.raises(LcragError, match=r"pipe.md: it is not a regular file"):
        load(own, {"question": "When?", "documents": "north.md"})


def test_missing_and_empty_places_are_named(own, tmp_path):
    with pytest.raises(LcragError, match=r"nowhere: there is no such folder"):
        load_files(tmp_path / "nowhere", own / "questions.jsonl")
    with pytest.raises(LcragError, match=r"none.jsonl: there is no such file"):
        load_files(own / "docs", own / "none.jsonl")
    with pytest.raises(LcragError, match=r"questions.jsonl: there is no question in it"):
        load(own, "")
    (tmp_path / "empty").mkdir()
    with pytest.raises(LcragError, match=r"empty: there is no .txt, .md, .pdf, .* or .pptx file"):
        load_files(tmp_path / "empty", own / "questions.jsonl")
