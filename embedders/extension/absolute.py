"""Longer windows for models with a table of absolute positions (BERT, RoBERTa and their kin).

Zhu et al. 2024, LongEmbed, arXiv 2404.12096, section 4.1. With an original window of Lo tokens, a target
of Lt and s = ceil(Lt / Lo), token ``pid`` of a long text takes

- ``grouped_positions`` (GP): row floor(pid / s),
- ``recurrent_positions`` (RP): row pid mod Lo,
- ``position_interpolation`` (PI): the row at pid / s, interpolated between its neighbours.
"""

from __future__ import annotations

from typing import Any

import torch
from torch import nn

from embedders.extension.switch import Switch

ABSOLUTE = ("grouped_positions", "recurrent_positions", "position_interpolation")


def has_table(model: Any) -> bool:
    """Whether the model looks absolute positions up in a table."""
    return isinstance(getattr(getattr(model, "embeddings", None), "position_embeddings", None), nn.Embedding)


def window(model: Any) -> int:
    """Positions in the table, without the rows that RoBERTa reserves for padding."""
    table = model.embeddings.position_embeddings
    return int(table.num_embeddings) - _reserved(table)


def extended_table(table: torch.Tensor, target: int, method: str) -> torch.Tensor:
    """``target`` rows made of a table of shape (Lo, dimension)."""
    original = table.shape[0]
    scale = -(-target // original)
    places = torch.arange(target, device=table.device)
    if method == "grouped_positions":
        return table[places // scale]
    if method == "recurrent_positions":
        return table[places % original]
    between = places / scale
    low = between.floor().long()
    high = (low + 1).clamp(max=original - 1)
    weight = (between - low)[:, None]
    return ((1 - weight) * table[low].float() + weight * table[high].float()).to(table.dtype)


def extend(model: Any, target: int, method: str) -> Switch:
    """A switch that gives the model ``target`` positions."""
    embeddings = model.embeddings
    table = embeddings.position_embeddings
    reserved = _reserved(table)
    rows = extended_table(table.weight.data[reserved:], target, method)
    longer = nn.Embedding.from_pretrained(
        torch.cat([table.weight.data[:reserved], rows]), padding_idx=table.padding_idx
    )
    switch = Switch()
    switch.add(embeddings, "position_embeddings", longer)
    ids = torch.arange(target + reserved, device=table.weight.device).expand(1, -1)
    for name, value in (("position_ids", ids), ("token_type_ids", torch.zeros_like(ids))):
        if isinstance(getattr(embeddings, name, None), torch.Tensor):
            switch.add(embeddings, name, value)
    return switch


def _reserved(table: nn.Embedding) -> int:
    return 0 if table.padding_idx is None else table.padding_idx + 1
