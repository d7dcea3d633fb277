"""MoA: a span for each head and layer."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

from lcrag.readers.kv.base import Filled, KVCache, Read, Store, check_share, kept_tokens

if TYPE_CHECKING:
    from torch import Tensor

STEPS = 16  # spans are planned in sixteenths of the text


class Spans(Store):
    """Sinks and the last tokens of each head; heads have different numbers of them."""

    def __init__(self, filled: Filled, spans: Sequence[int], sinks: int) -> None:
        from lcrag.readers.kv.tensors import ends

        super().__init__(filled.tokens)
        device = filled.keys.device
        kept = [
            ends(min(sinks, filled.tokens), min(s, filled.tokens - min(sinks, filled.tokens)), filled.tokens, device)
            for s in spans
        ]  # fmt: skip
        self.keys = [filled.keys[head, index] for head, index in enumerate(kept)]
        self.values = [filled.values[head, index] for head, index in enumerate(kept)]

    def read(self, query: Tensor, position: int) -> Read:
        """Everything that is kept, filled up to the longest head."""
        lengths = [len(k) for k in self.keys]
        longest = max(lengths)
        like = self.keys[0]
        keys = like.new_zeros(len(lengths), longest, like.shape[1])
        values, hidden = keys.clone(), keys.new_ones(len(lengths), longest, dtype=bool)
        for head, length in enumerate(lengths):
            keys[head, :length], values[head, :length] = self.keys[head], self.values[head]
            hidden[head, :length] = False
        return Read(keys, values, self.stored, hidden if min(lengths) < longest else None)


@dataclass(frozen=True)
class MoA(KVCache):
    """A sliding window of its own for each head of each layer (Fu et al. 2024, arXiv 2406.14909).

    Some heads look far and some near. From the attention on a calibration text each head gets a span, a share of the
    text, so that the mean span meets the budget and as little attention as possible falls outside. The first tokens
    are always kept.

    Differs from the paper: what a span loses is the attention outside, not its influence on the loss by
    gradients; spans are chosen greedily and not by an integer program, for one length, with alpha = 0; heads that share
    keys (GQA) have one span; the prefill is dense; a window does not move on while a question is asked and answered.

    Attributes:
        budget: mean share of the tokens that is kept, sinks included.
        sinks: first tokens that every head keeps.
    """

    learns: ClassVar[bool] = True

    budget: float = 0.25
    sinks: int = 64

    def __post_init__(self) -> None:
        check_share("budget", self.budget)

    def learn(self, layers: Sequence[Filled]) -> Sequence[Any]:
        """The share of the mean span that each head of each layer gets, in tuples."""
        outside = [lost_attention(f, self.sinks) for f in layers]
        heads = len(outside[0])
        flat = plan(
            [lost for layer in outside for lost in layer], round(self.budget * STEPS * len(layers) * heads)
        )
        return [tuple(flat[i * heads : (i + 1) * heads]) for i in range(len(layers))]

    def keep(self, filled: Filled) -> Store:
        """Sinks and each head's span."""
        heads = filled.keys.shape[0]
        if self.budget == 1:
            return Spans(filled, [filled.tokens] * heads, self.sinks)
        steps = filled.learned or (self.budget * STEPS,) * heads
        sinks = min(self.sinks, kept_tokens(self.budget, filled.tokens) // 2)
        mean = self.budget * STEPS
        room = max(0.0, self.budget * filled.tokens - sinks)
        return Spans(filled, [max(1, round(room * s / mean)) for s in steps], sinks)


def lost_attention(filled: Filled, sinks: int) -> list[list[float]]:
    """For each KV head the attention of the text's second half outside sinks and a span of 0, 1, ... sixteenths."""
    tokens, start = filled.tokens, filled.tokens // 2
    by_distance = filled.keys.new_zeros(filled.keys.shape[0], tokens).float()
    places = filled.keys.new_ones(tokens, dtype=int).cumsum(0) - 1
    for q in range(start, tokens, max(1, tokens // 256)):
        scores = filled.queries[:, :, q].float() @ filled.keys[:, : q + 1].float().transpose(1, 2)
        weight = (scores * filled.scaling).softmax(-1).mean(1)
        weight[:, :sinks] = 0
        by_distance.scatter_add_(1, (q - places[: q + 1]).expand_as(weight), weight)
    total = by_distance.sum(1, keepdim=True)
    inside = by_distance.cumsum(1)
    bounds = [round(tokens * step / STEPS) for step in range(STEPS + 1)]
    return [[float(total[h, 0] - (inside[h, b - 1] if b else 0)) for b in bounds] for h in range(len(inside))]


def plan(lost: Sequence[Sequence[float]], steps: int) -> list[int]:
    """Sixteenths for each head, ``steps`` in all: again and again to the head whose next step saves most per step."""
    spans = [0] * len(lost)
    for _ in range(min(steps, STEPS * len(lost))):
        best = max(
            (h for h, s in enumerate(spans) if s < STEPS),
            key=lambda h: lost[h][spans[h]] - lost[h][spans[h] + 1],
        )
        spans[best] += 1
    return spans
