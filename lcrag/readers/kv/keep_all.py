"""Everything is kept and read: dense attention."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from lcrag.readers.kv.base import Filled, KVCache, Read, Store

if TYPE_CHECKING:
    from torch import Tensor


class Whole(Store):
    """Keys and values as they are, all of them read by every pass."""

    def __init__(self, keys: Tensor, values: Tensor, tokens: int, position: int | None = None) -> None:
        super().__init__(tokens, position)
        self.keys, self.values = keys.contiguous(), values.contiguous()

    def read(self, query: Tensor, position: int) -> Read:
        """Everything."""
        return Read(self.keys, self.values, self.stored)


@dataclass(frozen=True)
class KeepAll(KVCache):
    """Dense attention: keep and read everything, which is what a reader does without a method."""

    def keep(self, filled: Filled) -> Store:
        """The layer's keys and values."""
        return Whole(filled.keys, filled.values, filled.tokens)
