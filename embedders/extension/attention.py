"""Attention with a temperature, log-length scaling and SelfExtend; without any of them it is SDPA.

- ``temperature`` tau: softmax(q k / (tau sqrt(d))), tau <= 1, in every layer (TempScale, Zhou et al. 2024,
  arXiv 2410.24200, section 4). No gain was measured with MiniLM; 1 leaves the model as it is.
- ``log_base`` Lo: queries times max(1, log n / log Lo), n the text's tokens (LongEmbed, arXiv 2404.12096,
  appendix B). A local layer (ModernBERT) is left as it is: it sees no more tokens in a long text.
- SelfExtend (Jin et al. 2024, arXiv 2401.01325; LongEmbed section 4.2): the distance of two tokens is kept
  below ``near`` tokens, and beyond it counted in groups of ``group``; local layers keep the true distances.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import Any

import torch
from transformers import AttentionInterface, AttentionMaskInterface
from transformers.integrations.sdpa_attention import sdpa_attention_forward
from transformers.masking_utils import sdpa_mask

from embedders.extension.switch import Switch

NAME = "embedders_sdpa"
SETTINGS = "_embedders_attention"
ROWS = 512  # queries whose scores are held at once by SelfExtend


@dataclass(frozen=True)
class Attention:
    """Changes to the attention; the defaults change nothing."""

    temperature: float = 1.0
    log_base: int = 0
    near: int = 0
    group: int = 1
    frequencies: torch.Tensor | None = None


def self_extend_sizes(original: int, target: int) -> tuple[int, int]:
    """(group, near) that reach ``target`` tokens: s + 1 and Lo / s; for Lo = 512 the paper's values."""
    scale = -(-target // original)
    return scale + 1, max(1, original // scale)


def install(model: Any, settings: Attention) -> None:
    """Make a transformers model use this attention; see ``mpnet`` for MPNet.

    Raises:
        ValueError: the attention of this architecture cannot be replaced.
    """
    AttentionInterface.register(NAME, _attention)
    AttentionMaskInterface.register(NAME, sdpa_mask)
    model.set_attn_implementation(NAME)
    modules = _attention_modules(model)
    if not modules or model.config._attn_implementation != NAME:
        raise ValueError(
            f"temperature, log_length and self_extend cannot reach the attention of {type(model).__name__}: "
            "leave them out or take another model."
        )
    for module in modules:
        setattr(module, SETTINGS, settings)


def self_extend(model: Any, original: int, target: int, frequencies: torch.Tensor) -> Switch:
    """A switch to SelfExtend that reaches ``target`` tokens; it keeps the temperature and log-length scaling."""
    modules = _attention_modules(model)
    present: Attention | None = getattr(modules[0], SETTINGS, None) if modules else None
    if present is None:
        present = Attention()
        install(model, present)
    group, near = self_extend_sizes(original, target)
    settings = replace(present, near=near, group=group, frequencies=frequencies)
    switch = Switch()
    for module in modules:
        switch.add(module, SETTINGS, settings)
    return switch


def _attention_modules(model: Any) -> list[Any]:
    """Modules that call transformers' attention interface: all tell it whether they are causal."""
    return [m for m in model.modules() if hasattr(m, "is_causal")]


def _attention(
    module: Any, query: torch.Tensor, key: torch.Tensor, value: torch.Tensor, mask: Any, **kwargs: Any
) -> tuple[torch.Tensor, None]:
    settings: Attention = getattr(module, SETTINGS, Attention())
    scaling = kwargs.pop("scaling", None) or query.shape[-1] ** -0.5
    local = bool(kwargs.get("sliding_window"))
    if settings.log_base and not local:
        query = query * log_length(mask, key, settings.log_base).to(query.dtype)
    scaling /= settings.temperature
    if settings.near and not local:
        return _self_extend(module, query, key, value, mask, scaling, settings), None
    return sdpa_attention_forward(module, query, key, value, mask, scaling=scaling, **kwargs)  # type: ignore[no-any-return]


def log_length(mask: torch.Tensor | None, key: torch.Tensor, base: int) -> torch.Tensor:
    """max(1, log n / log base) for each row, shape (rows or 1, 1, 1, 1); n is what its last token sees."""
    tokens = _tokens(mask, key).sum(-1).clamp(min=2)
    return (tokens.float().log() / math.log(base)).clamp(min=1).view(-1, 1, 1, 1)


def _tokens(mask: torch.Tensor | None, key: torch.Tensor) -> torch.Tensor:
    """Which keys are tokens and not padding, shape (rows or 1, tokens): those that the last query sees."""
    if mask is None:
        return torch.ones(1, key.shape[-2], dtype=torch.bool, device=key.device)
    return (mask if mask.dtype == torch.bool else mask == 0)[:, 0, -1]


def _self_extend(
    module: Any,
    query: torch.Tensor,
    key: torch.Tensor,
    value: torch.Tensor,
    mask: torch.Tensor | None,
    scaling: float,
    settings: Attention,
) -> torch.Tensor:
    """Queries and keys arrive rotated by their positions; a further rotation moves them to their groups."""
    groups = query.shape[1] // key.shape[1]
    key, value = key.repeat_interleave(groups, 1), value.repeat_interleave(groups, 1)
    places = torch.arange(query.shape[2], device=query.device)
    first = _tokens(mask, key).int().argmax(-1, keepdim=True)  # behind the padding on the left
    grouped, ahead = _groups(places - first, settings)
    turn = settings.frequencies
    assert turn is not None
    later_q, later_k = _rotate(query, ahead, turn), _rotate(key, grouped, turn)
    earlier_q, earlier_k = _rotate(query, grouped, turn), _rotate(key, ahead, turn)
    out = []
    for start in range(0, len(places), ROWS):
        rows = slice(start, start + ROWS)
        distance = places[rows, None] - places[None]
        near = query[:, :, rows] @ key.transpose(2, 3)
        after = later_q[:, :, rows] @ later_k.transpose(2, 3)
        before = earlier_q[:, :, rows] @ earlier_k.transpose(2, 3)
        scores = torch.where(distance.abs() < settings.near, near, torch.where(distance > 0, after, before))
        scores = scores.float() * scaling
        if mask is not None:
            piece = mask[:, :, rows] if mask.shape[2] > 1 else mask
            hidden = ~piece if piece.dtype == torch.bool else piece < 0
            scores = scores.masked_fill(hidden, float("-inf"))
        elif getattr(module, "is_causal", False):
            scores = scores.masked_fill(distance < 0, float("-inf"))
        weights = torch.softmax(scores, -1).nan_to_num()  # rows of padding see nothing
        out.append(weights.to(value.dtype) @ value)
    return torch.cat(out, 2).transpose(1, 2).contiguous()


def _groups(places: torch.Tensor, settings: Attention) -> tuple[torch.Tensor, torch.Tensor]:
    """Steps from each place to its group, for the earlier and for the later token of a pair."""
    grouped = places // settings.group
    return grouped - places, grouped + settings.near - settings.near // settings.group - places


def _rotate(states: torch.Tensor, steps: torch.Tensor, frequencies: torch.Tensor) -> torch.Tensor:
    """Turn (rows, heads, tokens, dim) by ``steps``, shape (rows or 1, tokens), more positions (halves layout)."""
    angles = steps[:, None, :, None].float() * frequencies.float()
    angles = torch.cat([angles, angles], -1)
    size = angles.shape[-1]
    turned, rest = states[..., :size].float(), states[..., size:]
    half = torch.cat([-turned[..., size // 2 :], turned[..., : size // 2]], -1)
    return torch.cat([(turned * angles.cos() + half * angles.sin()).to(states.dtype), rest], -1)
