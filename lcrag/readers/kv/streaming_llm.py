"""StreamingLLM: the first tokens and the last ones."""

from __future__ import annotations

from dataclasses import dataclass

from lcrag.readers.kv.base import Filled, KVCache, Store, check_share, kept_tokens
from lcrag.readers.kv.keep_all import Whole


@dataclass(frozen=True)
class StreamingLLM(KVCache):
    """Attention sinks and a window of recent tokens (Xiao et al. 2023, arXiv 2309.17453).

    The first tokens draw attention whatever they say; without them a windowed cache breaks down. Positions are counted
    inside the cache: kept keys move together, and the next token comes right after them.

    Differs from the paper: the prefill is dense, so that kept tokens have seen the dropped ones; the window does
    not move on while a question is asked and answered.

    Attributes:
        budget: share of the tokens that is kept, sinks included.
        sinks: first tokens that are always kept.
    """

    budget: float = 0.25
    sinks: int = 4

    def __post_init__(self) -> None:
        check_share("budget", self.budget)

    def keep(self, filled: Filled) -> Store:
        """Sinks and window, at positions inside the cache."""
        from lcrag.readers.kv.tensors import ends, turn

        number = kept_tokens(self.budget, filled.tokens, self.sinks + 1)
        old = ends(
            min(self.sinks, number), number - min(self.sinks, number), filled.tokens, filled.keys.device
        )
        new = old.new_ones(number).cumsum(0) - 1
        keys = turn(filled.keys[:, old], new - old, filled.rotary())
        return Whole(keys, filled.values[:, old], filled.tokens, number)
