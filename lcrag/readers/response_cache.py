"""Answers of a reader on disk: a request that was answered once is not sent again, in any run or process."""

from __future__ import annotations

import hashlib
import json
import logging
import sqlite3
import threading
import time
from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from lcrag.components.settings import digest
from lcrag.errors import LcragError, ReaderUnavailable
from lcrag.files import plain
from lcrag.readers.base import OPERATIONAL, STANDS_FOR, Completion, Message, PrefixCache, Reader, Request
from lcrag.schema import Usage

if TYPE_CHECKING:
    from lcrag.cost.model import ModelSpec

GIGABYTE = 1_000_000_000
FORMAT = 1_818_452_583  # sqlite's application_id of such a file
BUSY_SECONDS = 30.0  # how long another process may hold the file
ENTRIES = (
    "CREATE TABLE IF NOT EXISTS answers (key TEXT PRIMARY KEY, completion TEXT, used REAL) WITHOUT ROWID;"
    "CREATE INDEX IF NOT EXISTS by_use ON answers (used);"
)
logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class ResponseCache(Reader):
    """A reader whose answers are kept in a file, which several processes may use at once.

    An answer is found again by the reader's settings and everything in the request: prompt, seed, temperature, limits
    and ``cache_salt``. So a sample of another seed is another answer, and each strategy has answers of its own, with
    what they cost that strategy. ``Completion.usage`` of an answer that is found is what it cost when it was made;
    ``Completion.from_response_cache`` says that nothing was spent now. Rows do not depend on the cache: their keys are
    those of the reader within. Requests that fail are not kept.

    Attributes:
        reader: Answers what is not in the file.
        path: The SQLite file; it is made with its folder.
        max_bytes: The file's size at most; the answers that were used longest ago make room. SQLite keeps a log of
            up to 4 MB beside it while it is open.

    Raises:
        LcragError: ``max_bytes`` is too small to hold anything.
    """

    reader: Reader = field(metadata=STANDS_FOR)
    path: Path = field(metadata=OPERATIONAL)
    max_bytes: int = field(default=GIGABYTE, metadata=OPERATIONAL)

    def __post_init__(self) -> None:
        if self.max_bytes < 100_000:
            raise LcragError(
                f"The response cache {self.path} has max_bytes {self.max_bytes}: give at least 100000."
            )

    @property
    def name(self) -> str:
        """The reader's."""
        return self.reader.name

    @property
    def context_window(self) -> int:
        """The reader's."""
        return self.reader.context_window

    @property
    def max_concurrency(self) -> int:
        """The reader's."""
        return self.reader.max_concurrency

    @property
    def documents_in_flight(self) -> int:  # type: ignore[override]
        """The reader's."""
        return self.reader.documents_in_flight

    @property
    def shares_prefix_in_batch(self) -> bool:  # type: ignore[override]
        """The reader's."""
        return self.reader.shares_prefix_in_batch

    @property
    def spec(self) -> ModelSpec | None:
        """The reader's."""
        return self.reader.spec

    @property
    def prefix_cache(self) -> PrefixCache | None:
        """The reader's."""
        return self.reader.prefix_cache

    @property
    def batch_invariant(self) -> bool:
        """The reader's."""
        return self.reader.batch_invariant

    def count_tokens(self, messages: Sequence[Message]) -> int:
        """The reader's count."""
        return self.reader.count_tokens(messages)

    def check(self) -> None:
        """See ``Reader.check``; a file that cannot be used is told as well."""
        self.reader.check()
        self._file.open()

    async def generate(self, request: Request) -> Completion:
        """The answer in the file, else the reader's.

        Raises:
            ReaderUnavailable: the file is damaged, or the reader cannot be used.
            LcragError: the reader cannot answer the request.
        """
        key = self._key(request)
        if (text := self._file.get(key)) is not None:
            return replace(self._completion(text), response_key=key, from_response_cache=True)
        completion = await self.reader.generate(request)
        self._file.put(key, json.dumps(completion, default=plain))
        return replace(completion, response_key=key)

    def forget(self, keys: Collection[str]) -> None:
        """Leave out answers that were no good to who asked; they are asked for again."""
        self._file.forget(keys)

    @cached_property
    def _identity(self) -> str:
        return digest(self.reader)

    @cached_property
    def _file(self) -> AnswerFile:
        return AnswerFile(self.path, self.max_bytes)

    def _key(self, request: Request) -> str:
        content = f"{self._identity} {json.dumps(request, default=plain)}"
        return hashlib.sha256(content.encode("utf-8", "surrogatepass")).hexdigest()[:32]

    def _completion(self, text: str) -> Completion:
        try:
            content = json.loads(text)
            return Completion(**{**content, "usage": Usage(**content["usage"])})
        except (ValueError, TypeError, KeyError) as error:
            raise self._file.damaged("an answer in it cannot be read") from error


class AnswerFile:
    """The SQLite file of a response cache; it is opened when it is first used, and in each process anew."""

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
