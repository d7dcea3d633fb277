"""The protocol of KV cache methods: what is kept after the prefill, and what each later pass reads.

The reader prefills a prompt (the document, where questions share one) densely, layer by layer. As soon as a layer is
done, ``KVCache.keep`` turns its keys, values and queries (``Filled``) into a ``Store``: the dense KV of one layer at a
time exists, not that of all. Every later pass (the question's tokens, then each written token) asks each layer's store
what it attends to (``Store.read``) and attends to that and to its own tokens, which are always kept, in one softmax.

A method drops tokens (then ``kv_stored_fraction`` falls), or keeps all and gathers for each pass what its queries need
(then ``kv_loaded_fraction`` falls). A gather copies the chosen rows and multiplies with these alone: work is really
skipped, also on a CPU.
"""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar, Protocol, runtime_checkable

from lcrag.errors import LcragError

if TYPE_CHECKING:
    from torch import Tensor


@dataclass(frozen=True)
class Filled:
    """What one layer computed for a prompt.

    Attributes:
        layer: the layer's number, from 0.
        layers: the number of layers.
        keys: shape (kv_heads, tokens, head_dim), rotated by their positions.
        values: shape (kv_heads, tokens, head_dim).
        queries: shape (kv_heads, heads per kv_head, tokens, head_dim), rotated by their positions.
        scaling: the factor of the scores, 1 / sqrt(head_dim) as a rule.
        frequencies: angles per position of the rotary embedding, shape (head_dim / 2,); ``None`` where the model's
            positions cannot be changed afterwards.
        learned: this layer's part of what ``KVCache.learn`` returned.
    """

    layer: int
    layers: int
    keys: Tensor
    values: Tensor
    queries: Tensor
    scaling: float
    frequencies: Tensor | None = None
    learned: Any = None

    @property
    def tokens(self) -> int:
        """Tokens of the prompt."""
        return int(self.keys.shape[1])

    def rotary(self) -> Tensor:
        """The frequencies.

        Raises:
            LcragError: the model has no plain rotary positions.
        """
        if self.frequencies is None:
            raise LcragError(
                "This KV cache method moves keys to other positions, which takes plain rotary positions in all layers "
                "and dimensions: take keep_all, snapkv or another method that leaves keys where they are."
            )
        return self.frequencies


@dataclass(frozen=True)
class Read:
    """What one pass attends to in one layer.

    Attributes:
        keys: shape (kv_heads, read tokens, head_dim), rotated.
        values: shape (kv_heads, read tokens, head_dim).
        loaded: bytes that were read for it, those of an index included.
        hidden: ``True`` where a head does not attend, shape (kv_heads, read tokens); ``None`` for nowhere.
    """

    keys: Tensor
    values: Tensor
    loaded: int
    hidden: Tensor | None = None


class Store:
    """One layer's KV as a method keeps it. Its tensors are its public attributes.

    Attributes:
        tokens: prompt tokens that the store stands for.
        position: position of the next token.
        on_host: names of the attributes that belong into the host's memory.
        shared: names of the attributes that all prompts share, such as a codebook.
    """

    on_host: ClassVar[frozenset[str]] = frozenset()
    shared: ClassVar[frozenset[str]] = frozenset()

    def __init__(self, tokens: int, position: int | None = None) -> None:
        self.tokens = tokens
        self.position = tokens if position is None else position

    def read(self, query: Tensor, position: int) -> Read:
        """What queries attend to: one set for all of them.

        Args:
            query: shape (kv_heads, heads per kv_head, new tokens, head_dim), rotated.
            position: the last query's.
        """
        raise NotImplementedError

    @property
    def stored(self) -> int:
        """Bytes in the device's memory."""
        return sum(b for name, b in self._bytes().items() if name not in self.on_host)

    @property
    def total(self) -> int:
        """Bytes in all memories."""
        return sum(self._bytes().values())

    def _bytes(self) -> dict[str, int]:
        sizes = {}
        for name, value in vars(self).items():
            parts = value if isinstance(value, list) else [value]
            if name not in self.shared:
                sizes[name] = sum(int(getattr(part, "nbytes", 0)) for part in parts)
        return sizes


@runtime_checkable
class KVCache(Protocol):
    """A way to keep and read the KV cache. A class that inherits gets the defaults.

    Attributes:
        reads_question: Whether what is kept depends on the question. Then each question prefills its whole prompt, and
            nothing counts as cached.
        selects: Whether passes read what their queries need. Then questions are decoded one by one.
        learns: Whether ``learn`` is to be called once for a model, with a calibration text.
    """

    reads_question: ClassVar[bool] = False
    selects: ClassVar[bool] = False
    learns: ClassVar[bool] = False

    def keep(self, filled: Filled) -> Store:
        """What remains of a layer after its prefill."""

    def learn(self, layers: Sequence[Filled]) -> Sequence[Any]:
        """What the method learns offline from a calibration text, for each layer."""
        return [None] * len(layers)

    def watching(self, model: Any) -> AbstractContextManager[None]:
        """Entered while a prompt is prefilled, for methods that need more of the model than ``Filled`` has."""
        return nullcontext()


@runtime_checkable
class ChoosesCache(Protocol):
    """A reader that heeds ``Request.cache``; ``cache`` is its own way for requests that name none."""

    cache: KVCache | None


def check_share(name: str, value: float) -> None:
    """Refuse what is not a share above 0.

    Raises:
        ValueError: the value is outside (0, 1].
    """
    if not 0 < value <= 1:
        raise ValueError(f"{name} is {value}: it is a share, above 0 and up to 1")


def kept_tokens(budget: float, tokens: int, minimum: int = 1) -> int:
    """How many of ``tokens`` tokens a budget keeps: at least ``minimum``, as far as there are so many."""
    return min(tokens, max(minimum, round(budget * tokens)))
