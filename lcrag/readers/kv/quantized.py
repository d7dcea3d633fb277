"""The quantised cache of transformers."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

from lcrag.errors import ReaderUnavailable
from lcrag.readers.kv.base import Filled, KVCache, Read, Store

if TYPE_CHECKING:
    from torch import Tensor

PACKAGES = {"quanto": "optimum-quanto", "hqq": "hqq"}


class QuantizedStore(Store):
    """One quantised layer of transformers."""

    def __init__(self, filled: Filled, layer: Any) -> None:
        super().__init__(filled.tokens)
        self.layer = layer
        layer.update(filled.keys[None], filled.values[None])
        self.none = filled.keys[None, :, :0].clone()

    def read(self, query: Tensor, position: int) -> Read:
        """Everything, turned back into numbers."""
        keys, values = self.layer.update(self.none, self.none)
        return Read(keys[0], values[0], self.stored)

    def _bytes(self) -> dict[str, int]:
        parts = (v for k, v in vars(self.layer).items() if k.startswith("_quantized"))
        return {"layer": sum(t.nbytes for part in parts for t in _plain(part))}


@dataclass(frozen=True)
class Quantized(KVCache):
    """transformers' own ``QuantizedCache``: groups of keys and of values in few bits.

    Every pass turns all numbers back, so that bytes fall, not the work on a CPU.

    Attributes:
        backend: ``quanto`` (optimum-quanto) or ``hqq``, which must be installed.
        bits: bits of a number; ``quanto`` has 2 and 4, ``hqq`` also 8.
        group: numbers that share a scale.
    """

    backend: Literal["quanto", "hqq"] = "quanto"
    bits: int = 4
    group: int = 64

    def keep(self, filled: Filled) -> Store:
        """The layer, quantised.

        Raises:
            ReaderUnavailable: the backend's package is missing.
        """
        from transformers import cache_utils

        kinds = {"quanto": "QuantoQuantizedLayer", "hqq": "HQQQuantizedLayer"}
        try:
            layer = getattr(cache_utils, kinds[self.backend])(self.bits, q_group_size=self.group)
        except ImportError as error:
            raise ReaderUnavailable(
                f"The quantised KV cache needs {PACKAGES[self.backend]}: pip install {PACKAGES[self.backend]}, or take "
                "kivi, which needs nothing."
            ) from error
        return QuantizedStore(filled, layer)


def _plain(part: Any) -> Iterator[Tensor]:
    """The tensors that a quantised tensor is made of."""
    import torch

    if hasattr(part, "__tensor_flatten__"):  # quanto's
        for name in part.__tensor_flatten__()[0]:
            yield from _plain(getattr(part, name))
    elif isinstance(part, torch.Tensor):
        yield part
    elif isinstance(part, tuple):  # hqq's: numbers and what belongs to them
        for piece in part:
            yield from _plain(piece)
    elif isinstance(part, dict):
        for piece in part.values():
            yield from _plain(piece)
