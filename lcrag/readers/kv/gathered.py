"""Stores that keep all keys and values and gather for each pass what its queries need."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lcrag.readers.kv.base import Filled, Read, Store

if TYPE_CHECKING:
    from torch import Tensor


class Gathered(Store):
    """All keys and values; subclasses say which tokens a pass reads, and how many bytes choosing them reads."""

    def __init__(self, filled: Filled) -> None:
        super().__init__(filled.tokens)
        self.keys, self.values = filled.keys.contiguous(), filled.values.contiguous()
        self.scaling = filled.scaling

    def choose(self, query: Tensor, position: int) -> Tensor | None:
        """Positions to read, rising, shape (kv_heads, m), beyond the last token where a head has fewer; or all."""
        raise NotImplementedError

    @property
    def index_bytes(self) -> int:
        """Bytes that ``choose`` reads."""
        return 0

    def read(self, query: Tensor, position: int) -> Read:
        """The chosen rows of keys and values, copied together."""
        from lcrag.readers.kv.tensors import take

        index = self.choose(query, position)
        row = (self.keys[0, :1].nbytes + self.values[0, :1].nbytes) if self.tokens else 0
        if index is None:
            return Read(self.keys, self.values, self.keys.nbytes + self.values.nbytes)
        beyond = index >= self.tokens
        chosen = int((~beyond).sum())
        inside = index.clamp(max=self.tokens - 1)
        hidden = beyond if chosen < beyond.numel() else None
        return Read(
            take(self.keys, inside), take(self.values, inside), chosen * row + self.index_bytes, hidden
        )


def places(chosen: Tensor) -> Tensor:
    """Positions of what a mask (kv_heads, tokens) chooses, rising, filled up with the number of tokens."""
    tokens = chosen.shape[1]
    number = max(1, int(chosen.sum(1).max()))
    marked = (chosen.new_ones(chosen.shape, dtype=int).cumsum(1) - 1).masked_fill(~chosen, tokens)
    return marked.sort(1).values[:, :number]
