"""A tokenised request of the transformers reader."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

from lcrag.readers.base import Request
from lcrag.readers.kv.base import KVCache
from lcrag.readers.kv.keep_all import KeepAll
from lcrag.readers.streaming import Speaker

DENSE = KeepAll()


@dataclass(frozen=True)
class Prompt:
    """A tokenised request: its first ``prefix`` tokens are shared with other requests of the same salt and method.

    ``speaker`` is told the answer while it is written.
    """

    request: Request
    ids: list[int]
    prefix: int = 0
    cache: KVCache = DENSE
    speaker: Speaker | None = None

    @property
    def key(self) -> str:
        """Names the prefix; empty without one."""
        if not self.prefix:
            return ""
        method = "" if self.cache == DENSE else f"{self.cache!r}\0"
        identity = f"{self.request.cache_salt}\0{method}{','.join(map(str, self.ids[: self.prefix]))}"
        return hashlib.sha256(identity.encode()).hexdigest()[:16]

    @property
    def capacity(self) -> int:
        """Tokens after the prefix to reserve memory for, in steps of 512, so that most prompts can share a batch."""
        return -(-(len(self.ids) - self.prefix + self.request.max_tokens) // 512) * 512

    @property
    def is_kept_whole(self) -> bool:
        """Whether the KV of the whole prompt goes through the method, since no prefix of it can be shared."""
        return not self.prefix and self.cache != DENSE

    def can_join(self, other: Prompt) -> bool:
        """Whether both can be decoded in one batch."""
        return (self.key, self.capacity, self.cache) == (other.key, other.capacity, other.cache)
