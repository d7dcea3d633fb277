"""SelfExtend for causal models, through the attention interface (Jin et al. 2024, arXiv 2401.01325)."""

from __future__ import annotations

from typing import Any

import torch
from transformers import AttentionInterface, AttentionMaskInterface
from transformers.masking_utils import sdpa_mask

NAME = "lcrag_self_extend"
SETTINGS = "_lcrag_self_extend"
ROWS = 512  # queries whose scores are held at once
LOWEST = torch.finfo(torch.float32).min  # -inf would make NaN of padding, which sees nothing


def install(model: Any, near: int, group: int) -> None:
    """Make a model attend with true distances below ``near`` tokens and in groups of ``group`` beyond."""
    AttentionInterface.register(NAME, attend)
    AttentionMaskInterface.register(NAME, sdpa_mask)
    model.set_attn_implementation(NAME)
    frequencies = model.get_decoder().rotary_emb.inv_freq
    for module in model.modules():
        if hasattr(module, "scaling"):
            setattr(module, SETTINGS, (near, group, frequencies))


def attend(
    module: Any, query: torch.Tensor, key: torch.Tensor, value: torch.Tensor, mask: Any, **kwargs: Any
) -> tuple[torch.Tensor, None]:
    """Causal attention; query (batch, heads, new, dim), key and value (batch, kv_heads, all, dim).

    Queries and keys come rotated by their positions; a further turn moves the far ones to their groups:
    keys to p // group, queries to p // group + near - near // group. Positions are counted from the first token that
    ``mask``, shape (batch, 1, new, all), lets the last query see, so that padding on the left moves no group.
    """
    near, group, frequencies = getattr(module, SETTINGS)
    repeat = query.shape[1] // key.shape[1]
    key, value = key.repeat_interleave(repeat, 1), value.repeat_interleave(repeat, 1)
    places = torch.arange(key.shape[2], device=key.device)[None]
    if mask is not None:
        places = places - mask[:, 0, -1].int().argmax(-1, keepdim=True)
    asking = places[:, -query.shape[2] :]
    far_key = _turn(key, places // group - places, frequencies)
    far_query = _turn(query, asking // group + near - near // group - asking, frequencies)
    out = []
    for start in range(0, query.shape[2], ROWS):
        rows = slice(start, start + ROWS)
        distance = (asking[:, rows, None] - places[:, None])[:, None]
        scores = torch.where(
            distance < near,
            query[:, :, rows] @ key.transpose(2, 3),
            far_query[:, :, rows] @ far_key.transpose(2, 3),
        )
        hidden = (distance < 0) if mask is None else ~mask[:, :, rows]
        scores = (scores.float() * kwargs["scaling"]).masked_fill(hidden, LOWEST)
        out.append(torch.softmax(scores, -1).to(value.dtype) @ value)
    return torch.cat(out, 2).transpose(1, 2).contiguous(), None


def _turn(states: torch.Tensor, steps: torch.Tensor, frequencies: torch.Tensor) -> torch.Tensor:
    """Rotate (batch, heads, tokens, dim) by ``steps``, shape (batch or 1, tokens), more positions."""
    angles = steps[..., None].float() * frequencies.float()
    angles = torch.cat([angles, angles], -1)[:, None]
    half = states.shape[-1] // 2
    turned = torch.cat([-states[..., half:], states[..., :half]], -1)
    return (states.float() * angles.cos() + turned.float() * angles.sin()).to(states.dtype)
