"""A folder of documents."""

from __future__ import annotations

import os
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

from lcrag.datasets.file_text import SUFFIXES, read_document
from lcrag.datasets.surrogates import whole
from lcrag.errors import LcragError
from lcrag.schema import Document


@dataclass(frozen=True)
class Folder:
    """What a folder of documents holds.

    Attributes:
        documents: The documents by their path inside the folder, with U+FFFD for what is not UTF-8 in it.
        remarks: What is missing in a document, as a sentence, by the document.
        unread: Why a document or a subfolder cannot be read, by its path.
        others: Paths of files that are no documents.
    """

    documents: dict[str, Document]
    remarks: dict[str, str]
    unread: dict[str, LcragError]
    others: tuple[str, ...]

    @property
    def notices(self) -> tuple[str, ...]:
        """What was left out, in sentences."""
        told = [f"{id}: {remark}" for id, remark in self.remarks.items()]
        suffixes = Counter(Path(name).suffix.lower() or "without a suffix" for name in self.others)
        if suffixes:
            counts = ", ".join(f"{count} {suffix}" for suffix, count in sorted(suffixes.items()))
            told.append(f"Files that are no documents were left out: {counts}.")
        return tuple(told)


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
    remarks: dict[str, str] = {}
    others: list[str] = []
    for id, path in sorted(_files(folder, unread).items()):
        if path.suffix.lower() not in SUFFIXES:
            others.append(whole(id))
            continue
        try:
            content = read_document(path)
            if whole(id) in documents:
                raise LcragError(f"{folder}: two files have the name {whole(id)!r} in UTF-8; rename one.")
            documents[whole(id)] = Document(id, content.text)
            if content.remark:
                remarks[whole(id)] = content.remark
        except LcragError as error:
            unread[whole(id)] = error
    return Folder(documents, remarks, unread, tuple(others))


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
