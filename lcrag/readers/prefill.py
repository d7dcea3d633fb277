"""The two prefills: of a prompt or prefix, whose layers a KV cache method keeps, and of a question after it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import torch
from transformers import DynamicCache
from transformers.integrations.sdpa_attention import sdpa_attention_forward

from lcrag.readers.kv.base import Filled, KVCache, Store
from lcrag.readers.shared_prefix import KV

NO_ROTATION_IN_SOME_LAYERS = {"smollm3"}


class Fill(DynamicCache):  # type: ignore[misc]
    """A prefill with dense attention; each layer is handed on as soon as it is done and not kept here."""

    def __init__(self, layers: int, frequencies: torch.Tensor | None) -> None:
        super().__init__()
        self.number, self.frequencies = layers, frequencies
        self.stores: list[Any] = []

    def update(self, keys: torch.Tensor, values: torch.Tensor, layer: int, *_: Any, **__: Any) -> KV:
        """Nothing comes before these tokens, and nothing is kept."""
        return keys, values

    def done(self, filled: Filled) -> Any:
        """What is collected of a layer."""
        return filled

    def attention(
        self, module: Any, query: torch.Tensor, key: torch.Tensor, value: torch.Tensor, **kwargs: Any
    ) -> torch.Tensor:
        """Causal attention of all tokens, (1, heads, tokens, head_dim) -> (1, tokens, heads, head_dim)."""
        out, _ = sdpa_attention_forward(module, query, key, value, kwargs.pop("mask"), **kwargs)
        keys, values = key[0].contiguous(), value[0].contiguous()
        grouped = query[0].unflatten(0, (keys.shape[0], -1))
        layer = module.layer_idx
        self.stores.append(
            self.done(Filled(layer, self.number, keys, values, grouped, kwargs["scaling"], self.frequencies))
        )
        return out  # type: ignore[no-any-return]


class Keep(Fill):
    """A prefill whose layers a method keeps."""

    def __init__(
        self, layers: int, frequencies: torch.Tensor | None, method: KVCache, learned: Sequence[Any] | None
    ) -> None:
        super().__init__(layers, frequencies)
        self.method, self.learned = method, learned

    def done(self, filled: Filled) -> Store:
        """What the method keeps."""
        return self.method.keep(
            replace(filled, learned=self.learned[filled.layer]) if self.learned else filled
        )


class Suffix:
    """The pass of a question's tokens after a kept prefix, which may be empty."""

    is_compileable = False

    def __init__(self, prefix: list[Store]) -> None:
        self.prefix = prefix
        self.own: list[KV] = []
        self.loaded = 0

    def update(self, keys: torch.Tensor, values: torch.Tensor, layer: int, *_: Any, **__: Any) -> KV:
        """Collect the question's keys and values."""
        self.own.append((keys[0], values[0]))
        return keys, values

    def get_seq_length(self, *_: Any) -> int:
        """Tokens before the new ones (transformers asks; the positions are given explicitly)."""
        return self.prefix[0].tokens if self.prefix else 0

    def attention(
        self, module: Any, query: torch.Tensor, key: torch.Tensor, value: torch.Tensor, **kwargs: Any
    ) -> torch.Tensor:
        """What the prefix's store reads, then the question's own tokens, causally."""
        kwargs.pop("mask")
        mask = None
        new = query.shape[2]
        if self.prefix:
            grouped = query[0].unflatten(0, (key.shape[1], -1))
            store = self.prefix[module.layer_idx]
            read = store.read(grouped, store.position + new - 1)
            self.loaded += read.loaded
            key, value = torch.cat([read.keys[None], key], 2), torch.cat([read.values[None], value], 2)
            past = read.keys.shape[1]
            if new > 1 or read.hidden is not None:
                mask = torch.ones(1, 1, new, past + new, dtype=torch.bool, device=query.device).tril(past)
            if read.hidden is not None:
                heads = query.shape[1] // read.hidden.shape[0]
                mask = mask.repeat(1, query.shape[1], 1, 1)  # type: ignore[union-attr]
                mask[..., :past] &= ~read.hidden.repeat_interleave(heads, 0)[None, :, None]
        out, _ = sdpa_attention_forward(module, query, key, value, mask, **kwargs)
        return out  # type: ignore[no-any-return]


def fill(model: Any, ids: list[int], cache: Fill) -> torch.Tensor:
    """Prefill a prompt from its beginning; last-token logits, shape (vocabulary,)."""
    return _run(model, ids, cache, 0, None)


def extend(model: Any, ids: list[int], cache: Suffix) -> torch.Tensor:
    """Prefill a question after its prefix; last-token logits, shape (vocabulary,)."""
    ready = torch.zeros(1, 1, len(ids), 1, dtype=model.dtype, device=model.device)  # replaced in `attention`
    return _run(model, ids, cache, cache.prefix[0].position if cache.prefix else 0, ready)


def _run(model: Any, ids: list[int], cache: Any, start: int, mask: torch.Tensor | None) -> torch.Tensor:
    out = model(
        input_ids=torch.tensor([ids], device=model.device),
        position_ids=torch.arange(start, start + len(ids), device=model.device)[None],
        past_key_values=cache,
        attention_mask=mask,
        use_cache=True,
        logits_to_keep=1,
        shared_prefix=cache,
    )
    return out.logits[0, -1].float()  # type: ignore[no-any-return]


def rotary_frequencies(model: Any) -> torch.Tensor | None:
    """Angles per position, shape (head_dim / 2,); ``None`` where not all of a key is rotated in every layer."""
    config = model.config.get_text_config()
    width = getattr(config, "head_dim", None) or config.hidden_size // config.num_attention_heads
    frequencies: torch.Tensor = model.get_decoder().rotary_emb.inv_freq
    whole = frequencies.numel() * 2 == width
    return frequencies if whole and config.model_type not in NO_ROTATION_IN_SOME_LAYERS else None
