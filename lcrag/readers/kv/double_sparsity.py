"""Double Sparsity: a few heavy channels choose the tokens."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

from lcrag.readers.kv.base import Filled, KVCache, Store, check_share, kept_tokens
from lcrag.readers.kv.gathered import Gathered
from lcrag.readers.kv.keep_all import Whole

if TYPE_CHECKING:
    from torch import Tensor


class Labelled(Gathered):
    """All keys and values, and the keys' heavy channels apart."""

    shared: ClassVar[frozenset[str]] = frozenset({"channels"})

    def __init__(self, filled: Filled, channels: Tensor, number: int) -> None:
        super().__init__(filled)
        self.channels, self.number = channels, number
        self.labels = filled.keys.gather(
            2, channels[:, None].expand(-1, filled.tokens, -1)
        )  # (kv_heads, tokens, r)

    @property
    def index_bytes(self) -> int:
        """The heavy channels of all keys."""
        return int(self.labels.nbytes)

    def choose(self, query: Tensor, position: int) -> Tensor | None:
        """The tokens with the highest scores by heavy channels; all for a question's tokens."""
        from lcrag.readers.kv.tensors import top

        if query.shape[2] > 1 or self.number == self.tokens:
            return None
        index = self.channels[:, None, None].expand(-1, query.shape[1], query.shape[2], -1)
        scores = query.gather(3, index).float() @ self.labels[:, None].float().transpose(2, 3)
        return top((scores * self.scaling).amax((1, 2)), self.number)


@dataclass(frozen=True)
class DoubleSparsity(KVCache):
    """Approximate scores by a few channels, attend to the best tokens (Yang et al. 2024, arXiv 2408.07092).

    Which channels of a head are heavy, by the mean of |q k|, is calibrated once for a model. The heavy channels of all
    keys are a small label cache; each written token reads it, and then the keys and values of the best tokens.
    A question's tokens and the first layers attend densely.

    Differs from the paper: heads that share keys (GQA) choose together, by their highest score; labels are not
    quantised.

    Attributes:
        budget: share of the tokens that a written token attends to.
        group: a head's width over its number of heavy channels.
        dense_layers: first layers that attend densely.
    """

    selects: ClassVar[bool] = True
    learns: ClassVar[bool] = True

    budget: float = 0.125
    group: int = 4
    dense_layers: int = 2

    def __post_init__(self) -> None:
        check_share("budget", self.budget)

    def learn(self, layers: Sequence[Filled]) -> Sequence[Any]:
        """The heavy channels of each KV head, shape (kv_heads, r)."""
        return [heavy_channels(f, self.group) for f in layers]

    def keep(self, filled: Filled) -> Store:
        """All keys and values, with labels from the layer on that is sparse."""
        if filled.layer < self.dense_layers:
            return Whole(filled.keys, filled.values, filled.tokens)
        channels = filled.learned if filled.learned is not None else heavy_channels(filled, self.group)
        return Labelled(filled, channels, kept_tokens(self.budget, filled.tokens))


def heavy_channels(filled: Filled, group: int) -> Tensor:
    """Channels with the largest mean |q| * mean |k|, which is the mean of |q k| over all pairs."""
    strength = filled.queries.float().abs().mean((1, 2)) * filled.keys.float().abs().mean(1)
    return strength.topk(max(1, filled.keys.shape[2] // group), -1).indices.sort(-1).values
