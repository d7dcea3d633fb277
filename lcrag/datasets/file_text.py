"""The text of one file: text and Markdown as it is, PDF by pypdf, HTML and Office files by markitdown."""

from __future__ import annotations

import warnings
import zipfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from lcrag.errors import LcragError, reason

MARKITDOWN = {
    ".html": "HtmlConverter",
    ".htm": "HtmlConverter",
    ".docx": "DocxConverter",
    ".pptx": "PptxConverter",
}
MAX_UNPACKED = 1 << 29  # bytes of a Word or PowerPoint file, which is a zip archive; a bomb holds far more
SUFFIXES = (".txt", ".md", ".pdf", *MARKITDOWN)


@dataclass(frozen=True)
class FileText:
    """The text of a file, and what is missing in it, as a sentence without the file's name."""

    text: str
    remark: str = ""


def read_document(path: Path) -> FileText:
    """The text of a file with one of ``SUFFIXES``.

    Raises:
        LcragError: it cannot be read, holds no text, or needs a library that is not installed.
    """
    suffix = path.suffix.lower()
    if suffix in MARKITDOWN:
        content = _convert(path)
    else:
        content = _read_pdf(path) if suffix == ".pdf" else FileText(read_text(path))
    if not content.text.strip():
        raise LcragError(f"{path}: the document is empty; fill it or remove it from the folder.")
    return content


def read_text(path: Path) -> str:
    """The text of a file in UTF-8, without a byte order mark.

    Raises:
        LcragError: it is not a regular file, cannot be read, or is not UTF-8.
    """
    check_readable(path)
    try:
        return path.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError as error:
        raise LcragError(f"{path}: byte {error.start} is not UTF-8; save the file as UTF-8.") from error


def check_readable(path: Path) -> None:
    """Refuse what cannot be opened, and what would be read for ever: devices and pipes."""
    try:
        if path.exists() and not path.is_file():
            raise LcragError(f"{path}: it is not a regular file; remove it or give it another name.")
        with path.open("rb"):
            return
    except OSError as error:
        raise LcragError(
            f"{path}: it cannot be read ({error.strerror}); change its permissions or remove it."
        ) from error


def _read_pdf(path: Path) -> FileText:
    from pypdf import PdfReader

    check_readable(path)
    try:
        reader = PdfReader(path)
        encrypted = reader.is_encrypted and not reader.decrypt("")
        pages = [] if encrypted else [page.extract_text() for page in reader.pages]
    except Exception as error:  # broken files make pypdf raise nearly anything
        raise LcragError(f"{path}: it cannot be read as a PDF ({reason(error)}).") from error
    if encrypted:
        raise LcragError(f"{path}: the PDF is encrypted; save it without a password.")
    empty = [str(number) for number, text in enumerate(pages, start=1) if not text.strip()]
    if len(empty) == len(pages):
        raise LcragError(f"{path}: the PDF contains no text; run text recognition (OCR) on it first.")
    which = f"page {empty[0]} contains" if len(empty) == 1 else f"pages {', '.join(empty)} contain"
    remark = f"{which} no text; run text recognition (OCR) if there are pictures of text." if empty else ""
    return FileText("\n\n".join(pages), remark)


def _convert(path: Path) -> FileText:
    """HTML, Word and PowerPoint as Markdown."""
    check_readable(path)
    suffix = path.suffix.lower()
    try:
        from markitdown import StreamInfo, converters
    except ImportError as error:
        raise LcragError(
            f"{path}: {suffix} files need `{error.name}`: pip install 'lcrag[documents]', or remove the file."
        ) from error
    converter: Any = getattr(converters, MARKITDOWN[suffix])()
    try:
        if zipfile.is_zipfile(path):
            with zipfile.ZipFile(path) as archive:
                unpacked = sum(entry.file_size for entry in archive.infolist())
            if unpacked > MAX_UNPACKED:
                raise ValueError(f"it unpacks to {unpacked >> 20} MB, at most {MAX_UNPACKED >> 20} are read")
        with path.open("rb") as file, warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of markup that it reads in a simpler way
            text: str = converter.convert(file, StreamInfo(extension=suffix)).markdown
    except Exception as error:  # broken files make it raise nearly anything
        missing = type(error).__name__ == "MissingDependencyException"
        told = f"{suffix} files need pip install 'lcrag[documents]'" if missing else reason(error)
        raise LcragError(f"{path}: it cannot be read as {suffix[1:].upper()} ({told}).") from error
    return FileText(text)
