"""The file of a response cache: answers by key in SQLite, for several processes at once, within a bound."""

from __future__ import annotations

import logging
import sqlite3
import threading
import time
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from pathlib import Path

from lcrag.errors import LcragError, ReaderUnavailable

FORMAT = 1_818_452_583  # sqlite's application_id of such a file
BUSY_SECONDS = 30.0  # how long another process may hold the file
ENTRIES = (
    "CREATE TABLE IF NOT EXISTS answers (key TEXT PRIMARY KEY, completion TEXT, used REAL) WITHOUT ROWID;"
    "CREATE INDEX IF NOT EXISTS by_use ON answers (used);"
)
logger = logging.getLogger(__name__)


class AnswerFile:
    """Answers by key; the file is opened when it is first used, and again in another process that gets this object."""

    def __init__(self, path: Path, max_bytes: int) -> None:
        self.path, self.max_bytes = Path(path), max_bytes
        self._connection: sqlite3.Connection | None = None
        self._lock = threading.Lock()
        self._told = False

    def __reduce__(self) -> tuple[type[AnswerFile], tuple[Path, int]]:
        return AnswerFile, (self.path, self.max_bytes)

    def open(self) -> sqlite3.Connection:
        """The connection.

        Raises:
            ReaderUnavailable: the file is damaged, or is something else.
        """
        if self._connection is None:
            with self._explained():
                self.path.parent.mkdir(parents=True, exist_ok=True)
                connection = sqlite3.connect(
                    self.path, timeout=BUSY_SECONDS, isolation_level=None, check_same_thread=False
                )
                (size,) = connection.execute("PRAGMA page_size").fetchone()
                (format_,) = connection.execute("PRAGMA application_id").fetchone()
                tables = connection.execute("SELECT count(*) FROM sqlite_master").fetchone()[0]
                if tables and format_ != FORMAT:
                    connection.close()
                    raise ReaderUnavailable(
                        f"The response cache {self.path} is a database of something else: choose another file."
                    )
                connection.execute("PRAGMA journal_mode = WAL")
                connection.execute("PRAGMA synchronous = NORMAL")
                connection.execute(
                    f"PRAGMA wal_autocheckpoint = {max(1, min(1000, self.max_bytes // 8 // size))}"
                )
                connection.execute("PRAGMA journal_size_limit = 0")
                connection.execute(f"PRAGMA application_id = {FORMAT}")
                connection.executescript(ENTRIES)
                self._connection = connection
        return self._connection

    def get(self, key: str) -> str | None:
        """The answer of a key, ``None`` where there is none.

        Raises:
            ReaderUnavailable: the file is damaged.
        """
        with self._lock, self._explained():
            row = self.open().execute("SELECT completion FROM answers WHERE key = ?", (key,)).fetchone()
            if row is None:
                return None
            self.open().execute("UPDATE answers SET used = ? WHERE key = ?", (time.time(), key))
        return str(row[0])

    def put(self, key: str, completion: str) -> None:
        """Keep an answer and make room for it; where that fails, a warning is logged, since the answer is paid for."""
        try:
            with self._lock:
                connection = self.open()
                entry = (key, completion, time.time())
                connection.execute("INSERT OR REPLACE INTO answers VALUES (?, ?, ?)", entry)
                while self._bytes(connection) > self.max_bytes and self._drop_oldest(connection):
                    pass
        except (sqlite3.Error, LcragError) as error:
            if not self._told:
                self._told = True
                logger.warning(f"The response cache {self.path} keeps no more answers: {error}.")

    def forget(self, keys: Collection[str]) -> None:
        """Remove some answers.

        Raises:
            ReaderUnavailable: the file is damaged.
        """
        with self._lock, self._explained():
            self.open().executemany("DELETE FROM answers WHERE key = ?", [(key,) for key in keys])

    def damaged(self, what: str) -> ReaderUnavailable:
        """The error for a file that cannot be used."""
        return ReaderUnavailable(
            f"The response cache {self.path} cannot be used ({what}): delete it and run again, its answers are then "
            "asked for anew, or choose another file."
        )

    @contextmanager
    def _explained(self) -> Iterator[None]:
        try:
            yield
        except (sqlite3.Error, OSError) as error:
            raise self.damaged(str(error)) from error

    @staticmethod
    def _bytes(connection: sqlite3.Connection) -> int:
        """The size of the pages in use: pages of answers that were removed are used again."""
        pages, free, size = (
            connection.execute(f"PRAGMA {name}").fetchone()[0]
            for name in ("page_count", "freelist_count", "page_size")
        )
        return int((pages - free) * size)

    @staticmethod
    def _drop_oldest(connection: sqlite3.Connection) -> bool:
        """Remove a sixteenth of the answers, those that were used longest ago; whether there were any."""
        (count,) = connection.execute("SELECT count(*) FROM answers").fetchone()
        oldest = "SELECT key FROM answers ORDER BY used LIMIT ?"
        connection.execute(f"DELETE FROM answers WHERE key IN ({oldest})", (count // 16 + 1,))
        return bool(count)
