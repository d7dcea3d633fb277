"""Memories on disk, in a SQLite file that survives restarts."""

from __future__ import annotations

import hashlib
import json
import sqlite3
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import TYPE_CHECKING, Any

from lcrag.errors import LcragError, reason
from lcrag.schema import Ledger, Usage

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

FORMAT = 2  # 1 did not tell costs of the reader and of the embedder apart
_TABLES = """
CREATE TABLE IF NOT EXISTS items (
    id INTEGER PRIMARY KEY, memory TEXT NOT NULL, source TEXT NOT NULL, text TEXT NOT NULL, key TEXT NOT NULL,
    document_id TEXT NOT NULL, start INTEGER NOT NULL, end INTEGER NOT NULL, date TEXT, level INTEGER NOT NULL,
    vector BLOB);
CREATE INDEX IF NOT EXISTS by_memory ON items (memory);
CREATE TABLE IF NOT EXISTS spent (memory TEXT NOT NULL, usage TEXT NOT NULL);
PRAGMA user_version = 2;
"""


@dataclass(frozen=True)
class Item:
    """One item of a memory.

    Attributes:
        text: what a reader sees.
        source: names the part of the document that it was made from, so that no part is processed twice.
        key: what is searched; empty if it is the text.
        document_id: the document that it comes from.
        start: first character of its part of the document.
        end: the character after the last one.
        date: ISO 8601, ``None`` if unknown.
        level: 0 for a part of the document, 1 and more for what was made from parts.
        id: assigned by the store.
    """

    text: str
    source: str
    key: str = ""
    document_id: str = ""
    start: int = 0
    end: int = 0
    date: str | None = None
    level: int = 0
    id: int = 0


_COLUMNS = [f.name for f in fields(Item) if f.name != "id"]


def _check(item: Item) -> None:
    """Refuse values of another type, which SQLite does not.

    Raises:
        TypeError: names the column.
    """
    for name in _COLUMNS:
        kind = int if name in ("start", "end", "level") else str
        if not isinstance(getattr(item, name), kind) and not (name == "date" and item.date is None):
            raise TypeError(f"{name} is not {kind.__name__}")


def digest(text: str) -> str:
    """A short hash of a text."""
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def _cost(plain: Mapping[str, Any]) -> Ledger:
    """A stored cost; in format 1 a usage, of the embedder where nothing was written."""
    if "entries" in plain:
        return Ledger.from_plain(plain)
    usage = Usage(**plain)
    return Ledger({"build" if usage.completion_tokens else "index": usage})


class MemoryStore:
    """The memories of an application or a run, each under a name.

    Args:
        path: a SQLite file, created if it does not exist; ``":memory:"`` stores nothing on disk.

    Raises:
        LcragError: the file is not a store of memories, or a newer lcrag wrote it.
    """

    def __init__(self, path: Path | str = ":memory:") -> None:
        self.path = str(path)
        try:
            if self.path != ":memory:":
                Path(path).parent.mkdir(parents=True, exist_ok=True)
            self._db = sqlite3.connect(self.path, check_same_thread=False)
            (version,) = self._db.execute("PRAGMA user_version").fetchone()
            if version <= FORMAT:
                self._db.executescript(_TABLES)
        except (sqlite3.DatabaseError, OSError) as error:
            raise LcragError(f"{path} is not a store of memories: {reason(error)}.") from error
        if version > FORMAT:
            raise LcragError(
                f"{path} was written by a newer lcrag (format {version}); this one reads {FORMAT}."
            )

    def memory(self, name: str) -> Memory:
        """The memory of that name; empty if it is new."""
        return Memory(self._db, name, self.path)

    def forget(self, document_ids: Iterable[str]) -> None:
        """Remove the items of documents from all memories; what they have cost stays counted.

        Raises:
            LcragError: the disk is full.
        """
        with self.memory("")._transaction():
            self._db.executemany("DELETE FROM items WHERE document_id = ?", [(id,) for id in document_ids])

    def close(self) -> None:
        """Close the file."""
        self._db.close()


class Memory:
    """One memory: items, the vectors of their keys, and what it has cost so far.

    Every method that writes is one transaction: a crash leaves all of its effect or none.
    """

    def __init__(self, db: sqlite3.Connection, name: str, path: str) -> None:
        self._db, self.name, self.path = db, name, path

    @contextmanager
    def _transaction(self) -> Iterator[None]:
        try:
            with self._db:
                yield
        except sqlite3.OperationalError as error:
            raise LcragError(
                f"The memory {self.path} could not be written ({error}): free some disk space and run again; "
                "what it holds is kept."
            ) from error
        except sqlite3.IntegrityError:
            raise
        except sqlite3.DatabaseError as error:
            raise self._damaged(error) from error

    @contextmanager
    def _reading(self) -> Iterator[None]:
        try:
            yield
        except Exception as error:  # a damaged file has anything in its columns
            raise error if isinstance(error, LcragError) else self._damaged(error) from error

    def _damaged(self, error: Exception) -> LcragError:
        return LcragError(
            f"The memory {self.path} is damaged ({reason(error)}): remove the file and run again."
        )

    @property
    def items(self) -> list[Item]:
        """All items, sorted by document and position."""
        with self._reading():
            rows = self._db.execute(
                f"SELECT {', '.join(_COLUMNS)}, id FROM items WHERE memory = ? ORDER BY document_id, start, id",
                (self.name,),
            )
            items = [Item(**dict(zip([*_COLUMNS, "id"], row, strict=True))) for row in rows]
            for item in items:
                _check(item)
            return items

    @property
    def spent(self) -> Ledger:
        """What the items and vectors have cost, in this process and earlier ones."""
        with self._reading():
            rows = self._db.execute("SELECT usage FROM spent WHERE memory = ?", (self.name,))
            return sum((_cost(json.loads(text)) for (text,) in rows), Ledger())

    def change(
        self,
        add: Iterable[Item] = (),
        update: Iterable[Item] = (),
        remove: Iterable[int] = (),
        cost: Ledger | None = None,
    ) -> None:
        """Add, update and remove items in one transaction.

        Args:
            add: new items.
            update: items that replace the stored items with their ids; they are embedded again.
            remove: item ids.
            cost: what the change has cost.

        Raises:
            LcragError: the disk is full.
        """
        with self._transaction():
            self._db.executemany("DELETE FROM items WHERE id = ?", [(i,) for i in remove])
            self._db.executemany(
                f"UPDATE items SET {', '.join(f'{c} = ?' for c in _COLUMNS)}, vector = NULL WHERE id = ?",
                [(*(getattr(item, c) for c in _COLUMNS), item.id) for item in update],
            )
            self._db.executemany(
                f"INSERT INTO items (memory, {', '.join(_COLUMNS)}) VALUES (?{', ?' * len(_COLUMNS)})",
                [(self.name, *(getattr(item, c) for c in _COLUMNS)) for item in add],
            )
            if cost is not None and cost.entries:
                self._db.execute("INSERT INTO spent VALUES (?, ?)", (self.name, json.dumps(asdict(cost))))

    def without_vector(self) -> list[Item]:
        """Items whose key is not embedded yet, except marks (items without text), which never are."""
        with self._reading():
            rows = self._db.execute(
                "SELECT id FROM items WHERE memory = ? AND vector IS NULL AND text != ''", (self.name,)
            )
            missing = {id for (id,) in rows}
        return [item for item in self.items if item.id in missing]

    def set_vectors(self, ids: Sequence[int], vectors: NDArray[np.float32], cost: Ledger) -> None:
        """Store the vectors of the items' keys, shape (ids, dimension), and what they have cost."""
        with self._transaction():
            self._db.executemany(
                "UPDATE items SET vector = ? WHERE id = ?",
                [(vector.tobytes(), id) for id, vector in zip(ids, vectors, strict=True)],
            )
            self._db.execute("INSERT INTO spent VALUES (?, ?)", (self.name, json.dumps(asdict(cost))))

    def vectors(self) -> NDArray[np.float32]:
        """Vectors of the keys in the order of ``items``, shape (items, dimension); zeros for marks."""
        import numpy as np

        with self._reading():
            rows = dict(self._db.execute("SELECT id, vector FROM items WHERE memory = ?", (self.name,)))
            vectors = {id: np.frombuffer(v, np.float32) for id, v in rows.items() if v is not None}
            if not vectors:
                return np.zeros((0, 0), np.float32)
            mark = np.zeros_like(next(iter(vectors.values())))
            return np.stack([vectors.get(item.id, mark) for item in self.items])
