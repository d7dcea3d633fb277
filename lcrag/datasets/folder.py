"""A folder of documents: text, Markdown and PDF."""

from __future__ import annotations

import os
from pathlib import Path

from lcrag.datasets.surrogates import whole
from lcrag.errors import LcragError, reason
from lcrag.schema import Document

SUFFIXES = (".txt", ".md", ".pdf")


def read_folder(folder: Path) -> dict[str, Document]:
    """The folder's .txt, .md and .pdf files by their path inside it, with U+FFFD for what is not UTF-8 in its name.

    Hidden files and folders are left out, and links to folders.

    Raises:
        LcragError: no such folder, nothing in it, a file or a folder in it that cannot be read, an empty file, or two
            files of one name.
    """
    if not os.path.isdir(folder):  # noqa: PTH112 - Path.is_dir raises for some names
        raise LcragError(f"{folder}: there is no such folder of documents.")
    texts: dict[str, Document] = {}
    for id, path in sorted(_files(folder).items()):
        text = _pdf_text(path) if path.suffix.lower() == ".pdf" else read_text(path)
        if not text.strip():
            raise LcragError(f"{path}: the document is empty; fill it or remove it from the folder.")
        if whole(id) in texts:
            raise LcragError(f"{folder}: two files have the name {whole(id)!r} in UTF-8; rename one.")
        texts[whole(id)] = Document(id, text)
    if not texts:
        raise LcragError(f"{folder}: there is no {', '.join(SUFFIXES[:-1])} or {SUFFIXES[-1]} file in it.")
    return texts


def _files(folder: Path) -> dict[str, Path]:
    """The documents' files by their path inside the folder."""

    def unreadable(error: OSError) -> None:
        raise LcragError(
            f"{error.filename}: the folder cannot be read ({error.strerror}); change its permissions or move it."
        ) from error

    paths: dict[str, Path] = {}
    for place, folders, names in os.walk(folder, onerror=unreadable):
        folders[:] = [name for name in folders if not name.startswith(".")]
        for path in (Path(place, name) for name in names):
            if path.suffix.lower() in SUFFIXES and not path.name.startswith("."):
                paths[path.relative_to(folder).as_posix()] = path
    return paths


def read_text(path: Path) -> str:
    """The text of a file in UTF-8, without a byte order mark.

    Raises:
        LcragError: it is not a regular file, cannot be read, or is not UTF-8.
    """
    _check_readable(path)
    try:
        return path.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError as error:
        raise LcragError(f"{path}: byte {error.start} is not UTF-8; save the file as UTF-8.") from error


def _check_readable(path: Path) -> None:
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


def _pdf_text(path: Path) -> str:
    from pypdf import PdfReader

    _check_readable(path)
    try:
        reader = PdfReader(path)
        encrypted = reader.is_encrypted and not reader.decrypt("")
        text = "" if encrypted else "\n\n".join(page.extract_text() for page in reader.pages)
    except Exception as error:  # broken files make pypdf raise nearly anything
        raise LcragError(f"{path}: it cannot be read as a PDF ({reason(error)}).") from error
    if encrypted:
        raise LcragError(f"{path}: the PDF is encrypted; save it without a password.")
    if not text.strip():
        raise LcragError(f"{path}: the PDF contains no text; run text recognition (OCR) on it first.")
    return text
