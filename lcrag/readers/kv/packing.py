"""Numbers of 2, 4 or 8 bits, packed into bytes, with a minimum and a step for each group."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor


def pack(states: Tensor, bits: int, group: int) -> list[Tensor]:
    """Quantise groups along the last dimension, whose length ``group`` divides: bytes, minima and steps."""
    groups = states.float().unflatten(-1, (-1, group))
    low, high = groups.amin(-1, keepdim=True), groups.amax(-1, keepdim=True)
    low = low.to(states.dtype)  # as it is stored, so that codes are right for the stored numbers
    step = ((high - low.float()) / (2**bits - 1)).clamp(min=torch.finfo(states.dtype).tiny).to(states.dtype)
    codes = ((groups - low.float()) / step.float()).round().clamp(0, 2**bits - 1).to(torch.uint8)
    per_byte = 8 // bits
    split = codes.flatten(-2).unflatten(-1, (-1, per_byte))
    shifts = torch.arange(per_byte, device=states.device, dtype=torch.uint8) * bits
    packed = (split << shifts).sum(-1, dtype=torch.uint8)
    return [packed, low.squeeze(-1), step.squeeze(-1)]


def unpack(packed: Sequence[Tensor], bits: int, length: int, dtype: torch.dtype) -> Tensor:
    """The numbers again, their last dimension of ``length``."""
    codes, low, step = packed
    shifts = torch.arange(8 // bits, device=codes.device, dtype=torch.uint8) * bits
    numbers = ((codes[..., None] >> shifts) & (2**bits - 1)).flatten(-2)
    groups = numbers.unflatten(-1, (low.shape[-1], length // low.shape[-1]))
    return (groups.float() * step[..., None].float() + low[..., None].float()).flatten(-2).to(dtype)
