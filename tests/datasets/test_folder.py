"""Folders with more than text: HTML, Word, PowerPoint, PDF pages without text, and what is no document."""

import json
import sys
import zipfile

import pytest

from lcrag.datasets.files import load_files
from lcrag.datasets.folder import read_folder, survey_folder
from lcrag.errors import LcragError

HTML = """<!doctype html><html><head><title>Kites</title><style>b {}</style><script>let x;</script></head>
<body><h1>Northwind</h1><p>It was founded in <b>1987</b>.</p>
<table><tr><th>Year</th><th>Kites</th></tr><tr><td>2023</td><td>120</td></tr></table></body></html>"""
DOCX = {
    "[Content_Types].xml": '<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types"><Default '
    'Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/><Override PartName='
    '"/word/document.xml" ContentType="application/vnd.openxmlformats-officedocument.wordprocessingml.document.main'
    '+xml"/></Types>',
    "_rels/.rels": '<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships"><Relationship '
    'Id="r1" Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/officeDocument" '
    'Target="word/document.xml"/></Relationships>',
    "word/document.xml": '<w:document xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main"><w:body>'
    "<w:p><w:r><w:t>Southbay makes lamps.</w:t></w:r></w:p></w:body></w:document>",
}


def docx(path):
    with zipfile.ZipFile(path, "w") as archive:
        for name, content in DOCX.items():
            archive.writestr(name, content)


def pptx(path):
    presentation = pytest.importorskip("pptx").Presentation()
    slide = presentation.slides.add_slide(presentation.slide_layouts[1])
    slide.shapes.title.text = "Eastlake"
    slide.placeholders[1].text = "Eastlake builds boats."
    presentation.save(path)


def test_html_word_and_powerpoint_are_documents(tmp_path):
    pytest.importorskip("markitdown")
    (tmp_path / "north.html").write_text(HTML)
    docx(tmp_path / "south.docx")
    pptx(tmp_path / "EAST.PPTX")
    contents = read_folder(tmp_path)
    assert list(contents.documents) == ["EAST.PPTX", "north.html", "south.docx"]
    texts = {id: d.text for id, d in contents.documents.items()}
    assert "Eastlake builds boats." in texts["EAST.PPTX"]
    assert "# Northwind" in texts["north.html"] and "| 2023 | 120 |" in texts["north.html"]
    assert "let x" not in texts["north.html"]
    assert texts["south.docx"] == "Southbay makes lamps."


def test_broken_and_empty_files_are_named(tmp_path):
    pytest.importorskip("markitdown")
    for name in ("bad.docx", "bad.pptx"):
        (tmp_path / name).write_bytes(b"PK no zip")
        with pytest.raises(LcragError, match=rf"{name}: it cannot be read as [DP].*X \(BadZipFile"):
            read_folder(tmp_path)
        (tmp_path / name).unlink()
    (tmp_path / "empty.html").write_text("<html><script>let x;</script></html>")
    with pytest.raises(LcragError, match=r"empty.html: the document is empty"):
        read_folder(tmp_path)


def test_an_archive_that_unpacks_to_more_than_the_machine_holds_is_refused(tmp_path):
    pytest.importorskip("markitdown")
    archive = zipfile.ZipFile(tmp_path / "bomb.docx", "w", zipfile.ZIP_DEFLATED)
    with archive, archive.open("word/document.xml", "w") as entry:
        for _ in range(600):
            entry.write(bytes(1 << 20))
    with pytest.raises(LcragError, match=r"bomb.docx: .* it unpacks to 600 MB, at most 512 are read"):
        read_folder(tmp_path)


def test_a_missing_library_is_told_in_one_sentence(tmp_path, monkeypatch):
    (tmp_path / "north.html").write_text(HTML)
    monkeypatch.setitem(sys.modules, "markitdown", None)
    message = r"^\S*north.html: .html files need `markitdown`: pip install 'lcrag\[documents\]', or remove the file.$"
    with pytest.raises(LcragError, match=message):
        read_folder(tmp_path)


def test_pdf_pages_without_text_are_told_one_by_one(tmp_path):
    from matplotlib.backends.backend_pdf import PdfPages
    from matplotlib.figure import Figure

    folder = tmp_path / "docs"
    folder.mkdir()
    with PdfPages(folder / "scan.pdf") as pages:
        for text in ("Northwind sells kites.", "", "It was founded in 1987.", ""):
            figure = Figure()
            figure.text(0.1, 0.5, text)
            pages.savefig(figure)
    (folder / "data.xlsx").write_bytes(b"PK")
    (folder / "LICENSE").write_text("free")
    (tmp_path / "q.jsonl").write_text(
        json.dumps({"question": "When?", "evidence": "It was founded in 1987."})
    )
    pdf, others = load_files(folder, tmp_path / "q.jsonl").notices
    assert (
        pdf
        == "scan.pdf: pages 2, 4 contain no text; run text recognition (OCR) if there are pictures of text."
    )
    assert others == "Files that are no documents were left out: 1 .xlsx, 1 without a suffix."


def test_a_survey_tells_all_that_cannot_be_read_at_once(tmp_path):
    (tmp_path / "a.md").write_text("Text.")
    (tmp_path / "b.md").write_text(" ")
    (tmp_path / "c.pdf").write_bytes(b"no pdf")
    contents = survey_folder(tmp_path)
    assert list(contents.documents) == ["a.md"] and list(contents.unread) == ["b.md", "c.pdf"]
    with pytest.raises(LcragError, match=r"b.md: the document is empty"):
        read_folder(tmp_path)
