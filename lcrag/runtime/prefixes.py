"""What each strategy's own earlier prompts would have cached, for servers that share one prefix cache among all.

A server reports how many prompt tokens it reused, whoever sent them before: another strategy, or an earlier run. A row
is to cost what its strategy would cost alone, so the cache is simulated here block by block (vLLM's automatic prefix
caching, OpenAI's prompt caching), and reported reuse that a strategy's own prompts do not explain counts as computed.
"""

from __future__ import annotations

import hashlib
from array import array
from dataclasses import dataclass, field, replace
from typing import Any

from lcrag.readers.base import Completion, PrefixCache, Request


@dataclass(frozen=True)
class Prompt:
    """A prompt in the simulated cache.

    Attributes:
        salt: The strategy's ``Request.cache_salt``.
        blocks: Names its whole blocks, each with all before it.
        reused: How many of them prompts had that were sent before.
        declared: How many of them lie within ``Request.prefix_chars``.
        units: Its length in ``PrefixCache.units``.
    """

    salt: str
    blocks: tuple[bytes, ...]
    reused: int
    declared: int
    units: int


@dataclass
class PrefixLedger:
    """The simulated prefix caches of all strategies, one for each ``Request.cache_salt``; nothing is evicted.

    Attributes:
        cache: The server's block size, and how its prompts are cut into units.
        is_reporting: Whether the server has reported any reuse, in this process or before an interruption.
    """

    cache: PrefixCache
    is_reporting: bool = False
    _sent: dict[str, set[bytes]] = field(default_factory=dict)
    _answered: dict[str, set[bytes]] = field(default_factory=dict)
    _prefix: dict[str, tuple[bytes, list[bytes], Any]] = field(default_factory=dict)

    def enter(self, request: Request) -> Prompt:
        """Add a prompt before it is sent: requests in flight share blocks, too."""
        units, declared = self.cache.units(request.messages, request.prefix_chars)
        size, salt = self.cache.block, request.cache_salt
        blocks = self._blocks(salt, array("l", units), declared // size)
        sent = self._sent.setdefault(salt, set())
        reused = _leading(blocks, sent)
        sent.update(blocks)
        return Prompt(salt, tuple(blocks), reused, declared // size, len(units))

    def _blocks(self, salt: str, units: array[int], declared: int) -> list[bytes]:
        """Names of a prompt's whole blocks; those of the declared prefix are hashed once for prompts in a row."""
        data, bytes_of_block = units.tobytes(), self.cache.block * units.itemsize
        prefix, blocks, digest = self._prefix.get(
            salt, (b"", [], hashlib.blake2b(salt.encode(), digest_size=16))
        )
        if not prefix or not data.startswith(prefix):
            blocks, digest = [], hashlib.blake2b(salt.encode(), digest_size=16)
        blocks, digest = [*blocks], digest.copy()
        for number in range(len(blocks), len(data) // bytes_of_block):
            end = (number + 1) * bytes_of_block
            digest.update(data[end - bytes_of_block : end])
            blocks.append(digest.digest())
            if number + 1 == declared:
                self._prefix[salt] = (data[:end], [*blocks], digest.copy())
        return blocks

    def settle(self, completion: Completion, prompt: Prompt) -> Completion:
        """The completion with the strategy's own cached tokens, at most as many as the server reports.

        ``prefix_key`` names the declared prefix where it had to be computed.
        """
        usage = completion.usage
        reported = int(usage.cached_tokens)
        self.is_reporting |= reported > 0
        answered = self._answered.setdefault(prompt.salt, set())
        blocks = max(
            prompt.reused, _leading(prompt.blocks, answered)
        )  # a later request may have overtaken this one
        answered.update(prompt.blocks)
        reused, declared = (self._tokens(b, prompt, usage.prompt_tokens) for b in (blocks, prompt.declared))
        exact = self.cache.encode is not None
        cached = reported if self.cache.apart and blocks and not exact else min(reused, reported)
        return replace(
            completion,
            usage=replace(usage, cached_tokens=cached, foreign_cached_tokens=reported - cached),
            prefix_key=prompt.blocks[prompt.declared - 1].hex() if reused < declared else "",
            prefix_tokens=declared if self.is_reporting else min(declared, reported),
        )

    def _tokens(self, blocks: int, prompt: Prompt, prompt_tokens: float) -> int:
        """Blocks of units as the tokens of whole blocks; the last token of a prompt is always computed."""
        size = self.cache.block
        share = blocks * size / max(1, prompt.units)
        whole = max(0, min(round(share * prompt_tokens), int(prompt_tokens) - 1)) // size * size
        return whole if whole >= self.cache.minimum else 0


def _leading(blocks: list[bytes] | tuple[bytes, ...], known: set[bytes]) -> int:
    """How many blocks at the start are known."""
    return next((i for i, block in enumerate(blocks) if block not in known), len(blocks))
