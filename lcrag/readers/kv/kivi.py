"""KIVI: keys quantised by channel, values by token."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from lcrag.readers.kv.base import Filled, KVCache, Read, Store

if TYPE_CHECKING:
    from torch import Tensor


class Packed(Store):
    """Quantised keys and values, and the last tokens as they are."""

    def __init__(self, filled: Filled, method: KIVI) -> None:
        from lcrag.readers.kv.packing import pack

        super().__init__(filled.tokens)
        self.bits, self.group = method.bits, method.group
        self.packed = max(0, filled.tokens - method.residual) // method.group * method.group
        self.width = filled.keys.shape[2]
        by_channel = filled.keys[:, : self.packed].transpose(1, 2)
        self.codes: list[Tensor] = []
        if self.packed:
            for states, group in (
                (by_channel, self.group),
                (filled.values[:, : self.packed], min(self.group, self.width)),
            ):
                self.codes += pack(states, self.bits, group)
        self.keys, self.values = (t[:, self.packed :].clone() for t in (filled.keys, filled.values))

    def read(self, query: Tensor, position: int) -> Read:
        """Everything, with what is quantised turned back into numbers."""
        from lcrag.readers.kv.packing import unpack
        from lcrag.readers.kv.tensors import cat

        keys, values = self.keys, self.values
        if self.packed:
            old = unpack(self.codes[:3], self.bits, self.packed, keys.dtype)
            keys = cat([old.transpose(1, 2), keys])
            values = cat([unpack(self.codes[3:], self.bits, self.width, values.dtype), values])
        return Read(keys.contiguous(), values, self.stored)


@dataclass(frozen=True)
class KIVI(KVCache):
    """Quantised KV: keys by channel over groups of tokens, values by token (Liu et al. 2024, arXiv 2402.02750).

    Channels of keys have outliers, those of values do not. Each group has a minimum and a step, rounded to the nearest;
    the last tokens stay as they are. Every pass turns all numbers back, so that bytes fall, not the work on a CPU.

    Attributes:
        bits: bits of a number.
        group: tokens (for keys) or channels (for values) that share minimum and step.
        residual: last tokens that are not quantised.
    """

    bits: Literal[2, 4, 8] = 4
    group: int = 32
    residual: int = 32

    def __post_init__(self) -> None:
        if self.bits not in (2, 4, 8):
            raise ValueError(f"bits is {self.bits}: 2, 4 or 8 fill a byte")

    def keep(self, filled: Filled) -> Store:
        """Quantised keys and values."""
        return Packed(filled, self)
