"""What is booked of a KV cache: the shares of the dense bytes that are stored and read."""

from __future__ import annotations

from typing import Any

import torch

from lcrag.readers.kv.base import Store
from lcrag.readers.shared_prefix import KV


def fractions(model: Any, prefix: list[Store], read: float | None, tokens: int) -> dict[str, Any]:
    """The fractions of ``Usage`` for a cache of ``tokens`` tokens that begins with a kept prefix.

    Args:
        model: the model.
        prefix: each layer's prefix; empty without one.
        read: bytes of the prefix that a pass read in all layers, mean of the passes; ``None`` where there was no pass.
        tokens: tokens of prompt and completion; those after the prefix are kept and read as they are.
    """
    if not prefix:
        return {}
    layers, heads, width = _shape(model)
    token = 2 * layers * heads * width * model.dtype.itemsize
    own = (tokens - prefix[0].tokens) * token
    stored = sum(store.stored for store in prefix)
    loaded = stored if read is None else read
    return {
        "kv_stored_fraction": (stored + own) / (tokens * token),
        "kv_loaded_fraction": (loaded + own) / (tokens * token),
    }


def no_tokens(model: Any) -> list[KV]:
    """Keys and values of no tokens, for each layer."""
    layers, heads, width = _shape(model)
    none = torch.empty(heads, 0, width, dtype=model.dtype, device=model.device)
    return [(none, none)] * layers


def _shape(model: Any) -> tuple[int, int, int]:
    config = model.config.get_text_config()
    width = getattr(config, "head_dim", None) or config.hidden_size // config.num_attention_heads
    return config.num_hidden_layers, config.num_key_value_heads, width
