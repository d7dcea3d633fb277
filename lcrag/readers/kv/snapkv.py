"""SnapKV: the tokens that the last queries attend to."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from lcrag.readers.kv.base import Filled, KVCache, Store, check_share, kept_tokens
from lcrag.readers.kv.keep_all import Whole


@dataclass(frozen=True)
class SnapKV(KVCache):
    """Keep the tokens that the prompt's last queries attend to, by head (Li et al. 2024, arXiv 2404.14469).

    The attention of an observation window at the prompt's end is summed, pooled over neighbours and cut at the budget;
    the window itself is kept. This is the paper's way: the prompt ends with the question, so that nothing is left to be
    shared with other questions. ``QuestionBlindSnapKV`` observes the document's end instead.

    Differs from the paper: heads that share keys (GQA) choose together, by their summed attention.

    Attributes:
        budget: share of the tokens that is kept, the window included.
        window: last tokens that observe.
        kernel: neighbours that are averaged, an odd number.
    """

    reads_question: ClassVar[bool] = True

    budget: float = 0.25
    window: int = 64
    kernel: int = 5

    def __post_init__(self) -> None:
        check_share("budget", self.budget)
        if self.kernel % 2 == 0:
            raise ValueError(f"kernel is {self.kernel}: a pool around a token has an odd width")

    def keep(self, filled: Filled) -> Store:
        """The tokens with the highest pooled attention, and the window."""
        from lcrag.readers.kv.tensors import attention, cat, take, top

        tokens = filled.tokens
        number = kept_tokens(self.budget, tokens)
        window = min(self.window, number, tokens)
        start = tokens - window
        scores = attention(filled.queries[:, :, start:], filled.keys, filled.scaling, start)[:, :start]
        half = self.kernel // 2
        sides = scores.new_zeros(scores.shape[0], half)
        pooled = cat([sides, scores, sides]).unfold(1, self.kernel, 1).mean(-1)
        last = filled.keys.new_ones(tokens, dtype=int).cumsum(0)[start:] - 1
        index = cat([top(pooled, number - window), last.expand(scores.shape[0], -1)])
        return Whole(take(filled.keys, index), take(filled.values, index), tokens)
