"""One request goes ahead where several share a prefix that the reader has not computed yet.

A server computes a prefix for each of the requests that arrive while nobody has it. The executor sends the first
question of a document ahead where a strategy's prompts begin with the document; this does so for any request with a
prefix, such as the second step of a cascade.
"""

from __future__ import annotations

import asyncio
import hashlib

from lcrag.local import ask_placed
from lcrag.readers.base import Completion, Reader, Request
from lcrag.readers.response_cache import ResponseCache


class PrefixLeaders:
    """Sends requests to a reader, the first one of each new prefix ahead of the others.

    Args:
        reader: Answers; one that shares a new prefix among requests that arrive together needs no leader.
    """

    def __init__(self, reader: Reader) -> None:
        self._reader = reader
        cache = reader.prefix_cache
        self._is_salted = cache is None or cache.apart
        self._computed: set[bytes] = set()
        self._ahead: dict[bytes, asyncio.Event] = {}

    async def generate(self, request: Request) -> Completion:
        """The reader's completion.

        Raises:
            LcragError: what the reader raises; another request goes ahead then.
        """
        if not request.prefix_chars or self._reader.shares_prefix_in_batch:
            return await self._generate(request)
        prefix = self._prefix(request)
        while prefix not in self._computed and prefix in self._ahead:
            await self._ahead[prefix].wait()
        if prefix in self._computed:
            return await self._generate(request)
        ended = self._ahead[prefix] = asyncio.Event()
        try:
            completion = await self._generate(request)
            if not completion.from_response_cache:
                self._computed.add(prefix)
            return completion
        finally:
            del self._ahead[prefix]
            ended.set()

    async def _generate(self, request: Request) -> Completion:
        if isinstance(self._reader, ResponseCache):  # it asks the reader within at the question's place
            return await self._reader.generate(request)
        return await ask_placed(self._reader.generate, request)

    def _prefix(self, request: Request) -> bytes:
        """Names everything up to the end of the prefix, and the salt where it keeps prompts apart."""
        digest = hashlib.blake2b(request.cache_salt.encode() if self._is_salted else b"", digest_size=16)
        for message in request.messages:
            is_last = message.role == "user"
            text = message.content[: request.prefix_chars] if is_last else message.content
            digest.update(f"\0{message.role}\0{text}".encode("utf-8", "surrogatepass"))
            if is_last:
                break
        return digest.digest()
