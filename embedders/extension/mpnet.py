"""Temperature and log-length scaling for MPNet, whose attention transformers offers no way to replace.

MPNet adds a bias to its scores, by buckets of the relative positions. As in TempScale's code for T5, which has such a
bias too, the temperature divides the biased scores; log-length scaling multiplies the queries alone.
"""

from __future__ import annotations

import math
from functools import partial
from typing import Any

import torch
from transformers.models.mpnet.modeling_mpnet import MPNetSelfAttention

from embedders.extension.attention import SETTINGS, Attention, log_length


def install(model: Any, settings: Attention) -> bool:
    """Make the MPNet layers of a model use these settings; ``False`` where there are none."""
    layers = [m for m in model.modules() if isinstance(m, MPNetSelfAttention)]
    for layer in layers:
        setattr(layer, SETTINGS, settings)
        layer.forward = partial(_forward, layer)  # type: ignore[method-assign]
    return bool(layers)


def _forward(
    layer: Any,
    hidden_states: torch.Tensor,
    attention_mask: torch.Tensor | None = None,
    position_bias: torch.Tensor | None = None,
    **_: Any,
) -> tuple[torch.Tensor]:
    """``MPNetSelfAttention.forward`` with settings; the mask, shape (rows, 1, tokens, tokens), is additive.

    With settings that change nothing it gives the same bits.
    """
    settings: Attention = getattr(layer, SETTINGS)
    shape = (*hidden_states.shape[:-1], -1, layer.attention_head_size)
    query, key, value = (
        part(hidden_states).view(shape).transpose(1, 2) for part in (layer.q, layer.k, layer.v)
    )
    if settings.log_base:
        query = query * log_length(attention_mask, key, settings.log_base).to(query.dtype)
    scores = query @ key.transpose(-1, -2) / math.sqrt(layer.attention_head_size)
    if position_bias is not None:
        scores = scores + position_bias
    scores = scores / settings.temperature
    if attention_mask is not None:
        scores = scores + attention_mask
    states = torch.softmax(scores, -1) @ value
    return (layer.o(states.transpose(1, 2).flatten(2)),)
