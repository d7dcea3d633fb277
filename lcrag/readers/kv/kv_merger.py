"""KVMerger: neighbouring tokens with similar keys become one."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from lcrag.readers.kv.base import Filled, KVCache, Store, check_share, kept_tokens
from lcrag.readers.kv.keep_all import Whole

if TYPE_CHECKING:
    from torch import Tensor


@dataclass(frozen=True)
class KVMerger(KVCache):
    """Merge neighbours with similar keys, weighted by a Gaussian kernel (Wang et al. 2024, arXiv 2407.08454).

    Consecutive tokens whose keys are alike (cosine) form a set. Its pivot is the token with the most attention; weights
    fall with the distance from the pivot's key, g_i = exp(-|k_i - k_p|^2 / 2 sigma^2), and keys and values become
    their weighted means. Tokens with the most attention, and the last ones, stay as they are.

    Differs from the paper: the threshold of similarity is the quantile that meets the budget, by head; sigma^2 is the
    mean squared distance from the pivot; attention is that of the last 64 queries; all layers are merged. Values are
    weighted means without the paper's factor of the set's size.

    Attributes:
        budget: share of the tokens that is kept.
        heavy: share of the budget for the tokens with the most attention, which are not merged.
        recent: share of the budget for the last tokens, which are not merged.
        observed: last queries whose attention counts.
    """

    budget: float = 0.25
    heavy: float = 0.2
    recent: float = 0.2
    observed: int = 64

    def __post_init__(self) -> None:
        check_share("budget", self.budget)
        if self.heavy + self.recent > 1:
            raise ValueError(f"heavy and recent are {self.heavy} and {self.recent}: shares of one budget")

    def keep(self, filled: Filled) -> Store:
        """Merged keys and values; every head has as many."""
        from lcrag.readers.kv.tensors import attention

        tokens = filled.tokens
        number = kept_tokens(self.budget, tokens)
        start = max(0, tokens - self.observed)
        weight = attention(filled.queries[:, :, start:], filled.keys, filled.scaling, start)
        if number == tokens:
            return Whole(filled.keys, filled.values, tokens)
        sets = merging_sets(
            filled.keys, weight, number, round(self.heavy * number), round(self.recent * number)
        )
        keys, values = merged(filled.keys, filled.values, weight, sets, number)
        return Whole(keys, values, tokens)


def merging_sets(keys: Tensor, weight: Tensor, number: int, heavy: int, recent: int) -> Tensor:
    """The set, from 0 to ``number`` - 1, that each token of each head belongs to, shape (kv_heads, tokens).

    The most similar neighbours are joined until ``number`` sets are left, those that may not be merged last.
    """
    heads, tokens = weight.shape
    unit = keys.float() / keys.float().norm(dim=-1, keepdim=True).clamp(min=1e-12)
    alike = (unit[:, 1:] * unit[:, :-1]).sum(-1)  # each token with the one before it
    alone = weight.new_zeros(heads, tokens, dtype=bool)
    alone[:, tokens - recent :] = True
    if heavy:
        alone.scatter_(1, weight[:, : tokens - recent].topk(min(heavy, tokens - recent), -1).indices, True)
    alike = alike.masked_fill(alone[:, 1:] | alone[:, :-1], -2.0)
    joined = alike.topk(tokens - number, -1).indices + 1
    begins = weight.new_ones(heads, tokens, dtype=int).scatter(1, joined, 0)
    return begins.cumsum(1) - 1


def merged(keys: Tensor, values: Tensor, weight: Tensor, sets: Tensor, number: int) -> tuple[Tensor, Tensor]:
    """Each set's weighted mean key and value, shapes (kv_heads, number, head_dim)."""
    from lcrag.readers.kv.tensors import take

    heads, tokens = sets.shape
    highest = weight.new_full((heads, number), -1.0).scatter_reduce(1, sets, weight, "amax")
    is_pivot = weight == highest.gather(1, sets)
    places = weight.new_ones(heads, tokens).cumsum(1).long() - 1
    pivots = sets.new_full((heads, number), tokens).scatter_reduce(
        1, sets, places.masked_fill(~is_pivot, tokens), "amin"
    )
    distance = (keys.float() - take(take(keys, pivots), sets).float()).square().sum(-1)
    counts = weight.new_zeros(heads, number).scatter_add(1, sets, weight.new_ones(heads, tokens))
    spread = weight.new_zeros(heads, number).scatter_add(1, sets, distance) / counts
    kernel = (-distance / (2 * spread.gather(1, sets)).clamp(min=1e-12)).exp()
    kernel = kernel / weight.new_zeros(heads, number).scatter_add(1, sets, kernel).gather(1, sets)

    def mean(states: Tensor) -> Tensor:
        total = states.new_zeros(heads, number, states.shape[2]).float()
        return total.scatter_add(1, sets[..., None].expand_as(states), kernel[..., None] * states.float()).to(
            states.dtype
        )

    return mean(keys), mean(values)
