"""Greedy decoding of several questions over one KV prefix that is held once, not once per question.

The prefix (a document) is attended to by all rows in one product, each row's own tokens apart, and
one softmax spans both: the split of Hydragen (Juravsky et al. 2024, arXiv 2402.05099). The number of
rows is fixed and short batches are padded, so that every product has the same shape whoever shares
the batch: an answer does not depend on its batch mates.

How each layer's prefix is kept and read is a KV cache method's (``lcrag.readers.kv``).
"""

from __future__ import annotations

from typing import Any

import torch
from transformers import AttentionInterface, AttentionMaskInterface
from transformers.integrations.sdpa_attention import sdpa_attention_forward
from transformers.masking_utils import sdpa_mask

from lcrag.readers.kv.base import Store

ATTENTION = "lcrag_shared_prefix"
KV = tuple[torch.Tensor, torch.Tensor]


class SharedPrefixCache:
    """KV of ``rows`` sequences that begin with the same prefix.

    Args:
        prefix: each layer's prefix.
        own: for each row and layer keys and values of the row's own prompt tokens, shape (kv_heads, tokens, head_dim).
        capacity: own tokens (prompt and completion) that a row can hold.
        rows: how many rows the products have; rows beyond ``len(own)`` are padding.
    """

    is_compileable = False

    def __init__(self, prefix: list[Store], own: list[list[KV]], capacity: int, rows: int) -> None:
        self.prefix = prefix
        self.loaded, self.passes = 0, 0
        self.position = prefix[0].position + own[0][0][0].shape[1]  # of the first row's next token
        like = own[0][0][0]
        heads, dim = like.shape[0], like.shape[2]
        self.own = [
            (like.new_zeros(rows, heads, capacity, dim), like.new_zeros(rows, heads, capacity, dim))
            for _ in prefix
        ]
        self.lengths = torch.zeros(rows, dtype=torch.long, device=like.device)
        self.row_ids = torch.arange(rows, device=like.device)
        self.places = torch.arange(capacity, device=like.device)
        for row, layers in enumerate(own):
            self.lengths[row] = layers[0][0].shape[1]
            for (keys, values), (k, v) in zip(self.own, layers, strict=True):
                keys[row, :, : k.shape[1]] = k
                values[row, :, : v.shape[1]] = v

    @property
    def positions(self) -> torch.Tensor:
        """Position of each row's next token, shape (1, rows)."""
        return (self.prefix[0].position + self.lengths).unsqueeze(0)

    def update(self, keys: torch.Tensor, values: torch.Tensor, layer: int, *_: Any, **__: Any) -> KV:
        """Store one new token for each row; keys and values are (1, kv_heads, rows, head_dim)."""
        own_keys, own_values = self.own[layer]
        own_keys[self.row_ids, :, self.lengths] = keys[0].transpose(0, 1)
        own_values[self.row_ids, :, self.lengths] = values[0].transpose(0, 1)
        return keys, values

    def advance(self) -> None:
        """The new token of each row is now part of its past."""
        self.lengths = torch.clamp(self.lengths + 1, max=self.places.numel() - 1)
        self.passes += 1
        self.position += 1

    def get_seq_length(self, *_: Any) -> int:
        """Tokens before the new ones (transformers asks; the positions are given explicitly)."""
        return self.prefix[0].tokens

    def attention(
        self, module: Any, query: torch.Tensor, key: torch.Tensor, value: torch.Tensor, **kwargs: Any
    ) -> torch.Tensor:
        """Attention of query (1, heads, rows, head_dim) over prefix and own tokens -> (1, rows, heads, head_dim)."""
        own_keys, own_values = self.own[module.layer_idx]
        kv_heads, dim = own_keys.shape[1], own_keys.shape[3]
        rows = query.shape[2]
        grouped = query[0].view(kv_heads, -1, rows, dim)  # (kv, group, rows, dim)
        group = grouped.shape[1]
        prefix = self.prefix[module.layer_idx].read(grouped, self.position)
        self.loaded += prefix.loaded
        prefix_tokens = prefix.keys.shape[1]
        on_prefix = grouped.reshape(kv_heads, group * rows, dim) @ prefix.keys.transpose(1, 2)
        on_prefix = on_prefix.view(kv_heads, group, rows, prefix_tokens).permute(2, 0, 1, 3).float()
        if prefix.hidden is not None:
            on_prefix = on_prefix.masked_fill(prefix.hidden[None, :, None], float("-inf"))
        on_own = grouped.permute(2, 0, 1, 3) @ own_keys.transpose(2, 3)  # (rows, kv, group, capacity)
        future = self.places > self.lengths[:, None]
        on_own = on_own.float().masked_fill(future[:, None, None, :], float("-inf"))
        weights = torch.softmax(torch.cat([on_prefix, on_own], dim=-1) * kwargs["scaling"], dim=-1)
        weights = weights.to(query.dtype)
        out = weights[..., prefix_tokens:] @ own_values  # (rows, kv, group, dim)
        if prefix_tokens:
            by_head = weights[..., :prefix_tokens].permute(1, 2, 0, 3)
            by_head = by_head.reshape(kv_heads, group * rows, prefix_tokens)
            shared = (by_head @ prefix.values).view(kv_heads, group, rows, dim).permute(2, 0, 1, 3)
            out = out + shared
        return out.reshape(rows, kv_heads * group, dim).unsqueeze(0)


def _attention(
    module: Any, query: torch.Tensor, key: torch.Tensor, value: torch.Tensor, mask: Any, **kwargs: Any
) -> tuple[torch.Tensor, None]:
    cache = kwargs.pop("shared_prefix", None)
    if cache is None:
        return sdpa_attention_forward(module, query, key, value, mask, **kwargs)  # type: ignore[no-any-return]
    return cache.attention(module, query, key, value, mask=mask, **kwargs), None


def supports(model: Any) -> bool:
    """Whether a transformers model can use this: plain full attention behind the attention interface."""
    config = model.config.get_text_config()
    kinds = set(getattr(config, "layer_types", None) or ["full_attention"])
    return (
        getattr(model, "_supports_attention_backend", False)
        and kinds == {"full_attention"}
        and not getattr(config, "sliding_window", None)
        and not getattr(config, "attn_logit_softcapping", None)
        and getattr(config, "model_type", "")
        in {"llama", "qwen2", "qwen3", "mistral", "phi3", "smollm3", "olmo2"}
    )


def install(model: Any) -> None:
    """Make the model use this attention; without a shared prefix it is transformers' SDPA."""
    AttentionInterface.register(ATTENTION, _attention)
    AttentionMaskInterface.register(ATTENTION, sdpa_mask)
    model.set_attn_implementation(ATTENTION)


def step(model: Any, cache: SharedPrefixCache, tokens: torch.Tensor) -> torch.Tensor:
    """Feed one token for each row, shape (rows,), and return the next-token logits, shape (rows, vocabulary)."""
    rows = tokens.shape[0]
    all_visible = torch.zeros(1, 1, rows, 1, dtype=model.dtype, device=tokens.device)
    out = model(
        input_ids=tokens.unsqueeze(0),
        position_ids=cache.positions,
        past_key_values=cache,
        attention_mask=all_visible,  # a ready 4-d mask: transformers builds none, ours is in `attention`
        use_cache=True,
        shared_prefix=cache,
    )
    cache.advance()
    return out.logits[0].float()
