"""Vectors on disk, by model, settings and text."""

from __future__ import annotations

import hashlib
import sqlite3
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

KEYS = 500  # per query; SQLite limits the number of parameters


class VectorCache:
    """A table of vectors in one SQLite file. Stored vectors survive a kill, and several processes may share it.

    Args:
        path: The file.
        settings: Everything besides the text that a vector depends on.

    Raises:
        ValueError: the file is not such a cache, or cannot be written.
    """

    def __init__(self, path: str, settings: str) -> None:
        self.path, self.settings = Path(path), settings
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            self._file = sqlite3.connect(self.path, timeout=60, check_same_thread=False)
            self._file.execute("PRAGMA journal_mode=WAL")
            self._file.execute("CREATE TABLE IF NOT EXISTS vectors (key BLOB PRIMARY KEY, value BLOB)")
        except (sqlite3.Error, OSError) as error:
            raise ValueError(
                f"{path} cannot be used as a cache of vectors ({error}): name another."
            ) from error

    def _key(self, text: str) -> bytes:
        return hashlib.sha256(f"{self.settings}\0{text}".encode()).digest()

    def get(self, texts: Sequence[str]) -> dict[str, NDArray[np.float32]]:
        """The vectors of those texts that are in the cache, by text."""
        by_key = {self._key(text): text for text in texts}
        keys = list(by_key)
        vectors: dict[str, NDArray[np.float32]] = {}
        for start in range(0, len(keys), KEYS):
            batch = keys[start : start + KEYS]
            placeholders = ",".join("?" * len(batch))
            rows = self._file.execute(f"SELECT key, value FROM vectors WHERE key IN ({placeholders})", batch)
            vectors |= {by_key[key]: np.frombuffer(value, np.float32) for key, value in rows}
        return vectors

    def put(self, vectors: Mapping[str, NDArray[np.float32]]) -> None:
        """Add vectors, all or none of them.

        Raises:
            ValueError: the disk is full or the file is gone.
        """
        rows = [(self._key(text), vector.astype(np.float32).tobytes()) for text, vector in vectors.items()]
        try:
            with self._file:
                self._file.executemany("INSERT OR REPLACE INTO vectors VALUES (?, ?)", rows)
        except sqlite3.Error as error:
            raise ValueError(f"{self.path} could not be written ({error}): make room.") from error
