"""Answers of a reader on disk: a request that was answered once is not sent again, in any run or process."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from lcrag.components.settings import digest
from lcrag.errors import LcragError
from lcrag.files import plain
from lcrag.local import ask_placed
from lcrag.readers.answer_file import AnswerFile
from lcrag.readers.base import OPERATIONAL, STANDS_FOR, Completion, Message, PrefixCache, Reader, Request
from lcrag.readers.flow import OnServer
from lcrag.schema import Usage

if TYPE_CHECKING:
    from lcrag.cost.model import ModelSpec

GIGABYTE = 1_000_000_000


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

    @property
    def host(self) -> str:
        """The reader's; empty where it is on no server."""
        return self.reader.host if isinstance(self.reader, OnServer) else ""

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
        completion = await ask_placed(self.reader.generate, request)
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
