"""The documents of an application, and what has become of them while it served."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from lcrag.datasets.base import Dataset
from lcrag.errors import LcragError, did_you_mean
from lcrag.files import append_entry, read_entries, write_atomically
from lcrag.schema import Document


class UnknownDocument(LcragError):
    """The application has no document of that id."""


class DocumentStore:
    """Documents by id. Those that were added, replaced or removed while the application served are kept in a file.

    After a restart such changes win over the documents that the application is started with.

    Args:
        documents: what the application is started with.
        path: a file of changes, one line of JSON each; ``None`` forgets them with the process.

    Raises:
        LcragError: a document is empty, or the file cannot be read.
    """

    def __init__(self, documents: Iterable[Document], path: Path | None = None) -> None:
        self.path = path
        self.documents: Mapping[str, Document] = {d.id: d for d in checked(documents)}
        self.notices: list[str] = []
        if path is not None:
            self._restore(path)

    def _restore(self, path: Path) -> None:
        """Apply the changes of earlier processes, and write each document's last one only."""
        changes: dict[str, dict[str, Any]] = {}
        lines = 0

        def take(entry: dict[str, Any]) -> None:
            nonlocal lines
            changes[entry["id"]] = {"id": entry["id"], "text": entry["text"], "metadata": entry["metadata"]}
            lines += 1

        again = {"remedy": "remove it and add the documents again", "loss": "add its document again"}
        self.notices = read_entries(path, take, **again)
        if lines > len(changes) or self.notices:
            write_atomically(path, "".join(f"{json.dumps(change)}\n" for change in changes.values()))
        documents = dict(self.documents)
        for id, change in changes.items():
            documents.pop(id, None)
            if change["text"] is not None:
                documents[id] = Document(**change)
        self.documents = documents

    def put(self, documents: Iterable[Document]) -> dict[str, int]:
        """Add documents, or replace those with the same ids; all of them or none.

        Returns:
            How many were ``added``, ``replaced`` and ``unchanged``.

        Raises:
            LcragError: a document is empty, or the file cannot be written.
        """
        counts = {"added": 0, "replaced": 0, "unchanged": 0}
        changed = []
        for document in checked(documents):
            old = self.documents.get(document.id)
            counts["added" if old is None else "unchanged" if old == document else "replaced"] += 1
            changed += [document] if old != document else []
        for document in changed:
            self._keep({"id": document.id, "text": document.text, "metadata": dict(document.metadata)})
        self.documents = {**self.documents, **{d.id: d for d in changed}}
        return counts

    def remove(self, ids: Sequence[str]) -> None:
        """Remove documents.

        Raises:
            LcragError: there is no such document; then none is removed.
        """
        for id in ids:
            self.check(id)
        for id in ids:
            self._keep({"id": id, "text": None, "metadata": {}})
        self.documents = {id: d for id, d in self.documents.items() if id not in set(ids)}

    def check(self, id: str) -> None:
        """Refuse an id that no document has.

        Raises:
            LcragError: names the document that was probably meant.
        """
        if id not in self.documents:
            hint = did_you_mean(str(id), list(self.documents)) if self.documents else "it has none: add one."
            raise UnknownDocument(f"The application has no document {id!r}; {hint}")

    def _keep(self, change: dict[str, Any]) -> None:
        if self.path is not None:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            append_entry(self.path, change)


def checked(documents: Iterable[Document]) -> tuple[Document, ...]:
    """Documents with whole characters.

    Raises:
        LcragError: a document is empty, or two have one id.
    """
    dataset = Dataset("the application", tuple(documents), ())
    dataset.validate()
    return tuple(dataset.documents)


def read_documents(given: Any) -> list[Document]:
    """Documents from texts by id, a folder of files, or documents.

    Raises:
        LcragError: the folder or a file in it cannot be read.
    """
    if isinstance(given, Mapping):
        return [Document(str(id), text) for id, text in given.items()]
    if isinstance(given, str | Path):
        from lcrag.datasets.folder import read_folder

        return list(read_folder(Path(given)).documents.values())
    return list(given)
