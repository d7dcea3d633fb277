"""What each strategy's own earlier prompts would have cached, for servers that share one prefix cache among all.

A server reports how many prompt tokens it reused, whoever sent them before: another strategy, or an earlier run. A row
is to cost what its strategy would cost alone, so the cache is simulated here block by block (vLLM's automatic prefix
caching, OpenAI's prompt caching), and reported reuse that a strategy's own prompts do not explain counts as computed.
"""

from __future__ import annotations

import hashlib
from array import array
from dataclasses import dataclass, field, replace

from lcrag.readers.base import Completion, PrefixCache, Request


@dataclass(frozen=True)
class Prefix:
    """Where a prompt stands in the simulated cache, in units of ``PrefixCache.units``.

    Attributes:
        length: The whole prompt.
        reused: The whole blocks at its start that earlier prompts had.
        declared: The whole blocks of ``Request.prefix_chars``.
        key: Names the declared blocks and the strategy; empty where there are none.
    """

    length: int
    reused: int
    declared: int
    key: str


@dataclass
class PrefixLedger:
    """The simulated prefix caches of all strategies, one for each ``Request.cache_salt``; nothing is evicted.

    Attributes:
        cache: The server's block size, and how its prompts are cut into units.
        is_reporting: Whether the server has reported any reuse, in this process or before an interruption.
    """

    cache: PrefixCache
    is_reporting: bool = False
    _blocks: dict[str, set[bytes]] = field(default_factory=dict)

    def enter(self, request: Request) -> Prefix:
        """Look a prompt up and add its blocks, before it is sent: requests in flight share blocks, too."""
        units, declared = self.cache.units(request.messages, request.prefix_chars)
        size = self.cache.block_units
        known = self._blocks.setdefault(request.cache_salt, set())
        digest = hashlib.blake2b(request.cache_salt.encode(), digest_size=16)
        reused, hit, key = 0, True, ""
        for end in range(size, len(units) + 1, size):
            digest.update(array("l", units[end - size : end]).tobytes())
            block = digest.copy().digest()
            hit = hit and block in known
            reused += size * hit
            known.add(block)
            key = block.hex() if end <= declared else key
        return Prefix(len(units), reused, declared // size * size, key)

    def settle(self, completion: Completion, prefix: Prefix) -> Completion:
        """The completion with the strategy's own cached tokens, at most as many as the server reports.

        ``prefix_key`` names the declared prefix where it had to be computed.
        """
        usage = completion.usage
        reported = int(usage.cached_tokens)
        self.is_reporting |= reported > 0
        tokens = int(usage.prompt_tokens)
        reused, declared = (self._tokens(units, prefix, tokens) for units in (prefix.reused, prefix.declared))
        cached = min(reused, reported)
        return replace(
            completion,
            usage=replace(usage, cached_tokens=cached, foreign_cached_tokens=reported - cached),
            prefix_key=prefix.key if reused < declared else "",
            prefix_tokens=declared if self.is_reporting else min(declared, reported),
        )

    def _tokens(self, units: int, prefix: Prefix, prompt_tokens: int) -> int:
        """Units as the tokens of whole blocks; the last token of a prompt is always computed."""
        block = self.cache.block
        tokens = min(round(units / max(1, prefix.length) * prompt_tokens), prompt_tokens - 1)
        whole = max(0, tokens) // block * block
        return whole if whole >= self.cache.minimum else 0
