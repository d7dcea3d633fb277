"""A folder of documents: text, Markdown and PDF."""

from __future__ import annotations

import os
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

from lcrag.datasets.surrogates import whole
from lcrag.errors import LcragError, reason
from lcrag.schema import Document

SUFFIXES = (".txt", ".md", ".pdf")


@dataclass(frozen=True)
class Folder:
    """What a folder of documents holds.

    Attributes:
        documents: The documents by their path inside the folder, with U+FFFD for what is not UTF-8 in it.
        unread: Why a document or a subfolder cannot be read, by its path.
        others: Paths of files that are no documents.
    """

    documents: dict[str, Document]
    unread: dict[str, LcragError]
    others: tuple[str, ...]

    @property
    def notices(self) -> tuple[str, ...]:
        """What was left out, in sentences."""
        if not self.others:
            return ()
        suffixes = Counter(Path(name).suffix.lower() or "without a suffix" for name in self.others)
        listed = ", ".join(f"{count} {suffix}" for suffix, count in sorted(suffixes.items()))
        return (f"Files that are no documents were left out: {listed}.",)


def read_folder(folder: Path) -> Folder:
    """The documents of a folder and its subfolders.

    Hidden files and folders are left out, and links to folders.

    Raises:
        LcragError: no such folder, nothing in it, a file or a folder in it that cannot be read, an empty file, or two
            files of one name.
    """
    contents = survey_folder(folder)
    for error in contents.unread.values():
        raise error
    if not contents.documents:
        raise LcragError(f"{folder}: there is no {', '.join(SUFFIXES[:-1])} or {SUFFIXES[-1]} file in it.")
    return contents


def survey_folder(folder: Path) -> Folder:
    """The same, but what cannot be read is told in ``Folder.unread``, and the folder may be empty.

    Raises:
        LcragError: no such folder.
    """
    if not os.path.isdir(folder):  # noqa: PTH112 - Path.is_dir raises for some names
        raise LcragError(f"{folder}: there is no such folder of documents.")
    documents: dict[str, Document] = {}
    unread: dict[str, LcragError] = {}
    others: list[str] = []
    for id, path in sorted(_files(folder, unread).items()):
        if path.suffix.lower() not in SUFFIXES:
            others.append(whole(id))
            continue
        try:
            text = _pdf_text(path) if path.suffix.lower() == ".pdf" else read_text(path)
            if not text.strip():
                raise LcragError(f"{path}: the document is empty; fill it or remove it from the folder.")
            if whole(id) in documents:
                raise LcragError(f"{folder}: two files have the name {whole(id)!r} in UTF-8; rename one.")
            documents[whole(id)] = Document(id, text)
        except LcragError as error:
            unread[whole(id)] = error
    return Folder(documents, unread, tuple(others))


def _files(folder: Path, unread: dict[str, LcragError]) -> dict[str, Path]:
    """All files by their path inside the folder; ``unread`` gets the subfolders that cannot be read."""

    def unreadable(error: OSError) -> None:
        unread[whole(str(error.filename))] = LcragError(
            f"{error.filename}: the folder cannot be read ({error.strerror}); change its permissions or move it."
        )

    paths: dict[str, Path] = {}
    for place, folders, names in os.walk(folder, onerror=unreadable):
        folders[:] = [name for name in folders if not name.startswith(".")]
        for path in (Path(place, name) for name in names):
            if not path.name.startswith("."):
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
