"""Weights, KV bytes and FLOPs of a decoder-only transformer, from its Hugging Face configuration."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from lcrag.cost.amounts import not_negative
from lcrag.cost.config import read_config
from lcrag.cost.fields import Fields
from lcrag.cost.layers import layer_kinds
from lcrag.cost.layout import attention_weights, feed_forward, linear_layer, position_weights
from lcrag.cost.pairs import causal_pairs, chunk_pairs, window_pairs
from lcrag.errors import LcragError


@dataclass(frozen=True)
class ModelSpec:
    """A model's shape.

    Attributes:
        total_parameters: all weights, all experts included.
        active_parameters: weights that a written token is multiplied with: the output head, of the experts only
            those that a token is sent to, not the input embedding (a look-up).
        head_parameters: weights of the output head; a prompt needs it only for its last token.
        layers: number of layers of any kind.
        query_heads: attention heads.
        kv_heads: heads of keys and values: all (MHA), fewer (GQA), one (MQA).
        head_dim: width of a key.
        value_dim: width of a value; 0 for ``head_dim``.
        dtype_bytes: bytes of a KV element.
        weight_bytes: bytes of a weight.
        latent_dim: elements that latent attention (MLA) keeps for a token and layer; 0 without it.
        latent_rope: the part of these elements that carries the position.
        window: tokens that a sliding-window layer sees.
        window_layers: the number of sliding-window layers.
        chunked: whether these layers see the tokens of their own chunk of ``window`` tokens instead (Llama 4).
        linear_layers: the number of layers with a state of constant size instead of a KV cache.
        state_bytes: bytes of the state of one linear layer.
        linear_flops: FLOPs per token on the state of one linear layer.
        experts: routed experts of a layer.
        experts_per_token: the number of experts that a token is sent to.
        expert_parameters: weights of all routed experts.
    """

    total_parameters: float
    active_parameters: float
    head_parameters: float
    layers: int
    query_heads: int
    kv_heads: int
    head_dim: int
    value_dim: int = 0
    dtype_bytes: int = 2
    weight_bytes: float = 2
    latent_dim: int = 0
    latent_rope: int = 0
    window: int = 0
    window_layers: int = 0
    chunked: bool = False
    linear_layers: int = 0
    state_bytes: int = 0
    linear_flops: int = 0
    experts: int = 0
    experts_per_token: int = 0
    expert_parameters: float = 0

    @classmethod
    def from_config(cls, config: Any) -> ModelSpec:
        """Read a configuration: a mapping, a transformers config, a ``config.json`` or its folder, a name.

        Raises:
            LcragError: a field is missing, there is no such model, or its architecture is not covered
                (``architectures.REFUSED``).
        """
        f = Fields(read_config(config))
        kinds = layer_kinds(f)
        linear = linear_layer(f, f.dtype_bytes) if "linear" in kinds else None
        mlp = feed_forward(f)
        head = f.need("hidden_size") * f.need("vocab_size")
        softmax = len(kinds) - kinds.count("linear")
        body = softmax * attention_weights(f) + mlp.shared
        body += kinds.count("linear") * linear.weights if linear else 0
        chunked = "chunk" in kinds
        near = "attention_chunk_size" if chunked else "sliding_window"
        latent, rope = f.get("kv_lora_rank", 0), f.get("qk_rope_head_dim", 0) if f.get("kv_lora_rank") else 0
        return cls(
            total_parameters=body + mlp.experts + head * (1 if f.is_tied else 2) + position_weights(f),
            active_parameters=body + mlp.experts * mlp.chosen // max(mlp.routed, 1) + head,
            head_parameters=head,
            layers=len(kinds),
            query_heads=f.heads,
            kv_heads=f.kv_heads,
            head_dim=f.need("qk_nope_head_dim") + rope if latent else f.head_dim,
            value_dim=f.value_dim if f.value_dim != f.head_dim or latent else 0,
            dtype_bytes=f.dtype_bytes,
            weight_bytes=f.weight_bytes,
            latent_dim=latent + rope,
            latent_rope=rope,
            window=f.need(near) if {"window", "chunk"} & set(kinds) else 0,
            window_layers=kinds.count("window") + kinds.count("chunk"),
            chunked=chunked,
            linear_layers=kinds.count("linear"),
            state_bytes=linear.state_bytes if linear else 0,
            linear_flops=linear.flops if linear else 0,
            experts=mlp.routed,
            experts_per_token=mlp.chosen,
            expert_parameters=mlp.experts,
        )

    @property
    def full_layers(self) -> int:
        """Layers in which a token attends to all before it."""
        return self.layers - self.window_layers - self.linear_layers

    @property
    def kv_layer_bytes(self) -> int:
        """KV bytes of one token in one layer.

        Keys and values, ``2 * kv_heads * head_dim * bytes`` (Shazeer 2019, arXiv 1911.02150; Ainslie et al.
        2023, arXiv 2305.13245); latent attention ``(d_c + d_rope) * bytes`` (DeepSeek-V2, arXiv 2405.04434, table 1).
        """
        elements = self.latent_dim or self.kv_heads * (self.head_dim + (self.value_dim or self.head_dim))
        return elements * self.dtype_bytes

    @property
    def kv_bytes_per_token(self) -> int:
        """KV bytes of one token in all layers; in sliding-window layers while it is in the window."""
        return (self.layers - self.linear_layers) * self.kv_layer_bytes

    def kv_bytes(self, tokens: float) -> float:
        """Bytes of the cache of ``tokens`` tokens: sliding layers keep their window, linear ones their state."""
        not_negative(tokens=tokens)
        kept = self.full_layers * tokens + self.window_layers * min(tokens, self.window)
        return kept * self.kv_layer_bytes + self.linear_layers * self.state_bytes

    def prefill_flops(self, new: float, past: float = 0) -> float:
        """FLOPs to process ``new`` tokens after ``past`` cached ones, with causal attention.

        2 for each weight and token (Kaplan et al. 2020, arXiv 2001.08361, section 2.1), the output head for the
        last token only; for each pair that attends 2 for each element of query and of value in each layer
        (QK^T and PV; PaLM, arXiv 2204.02311, appendix B, there without the causal half): ``new * past`` pairs
        and half of ``new ** 2``. In a sliding layer a token attends to its window.
        """
        body = 2 * (self.active_parameters - self.head_parameters) * new
        head = 2 * self.head_parameters * min(new, 1)
        return body + head + self.attention_flops(new, past)

    def attention_flops(self, new: float, past: float = 0) -> float:
        """The part of ``prefill_flops`` between tokens: QK^T, PV and the states of linear layers."""
        return self._mixing_flops(new, past, self._pair_flops)

    def decode_flops(self, tokens: float, past: float) -> float:
        """FLOPs to write ``tokens`` tokens after ``past`` ones, one by one, each through the output head.

        Under latent attention a token attends in the latent space, ``2 * heads * (2 * d_c + d_rope)`` a pair
        (DeepSeek-V2, arXiv 2405.04434, section 2.1.2: keys and values are not computed again).
        """
        pair = self._pair_flops
        if self.latent_dim:
            pair = 2 * self.query_heads * (2 * self.latent_dim - self.latent_rope)
        return 2 * self.active_parameters * tokens + self._mixing_flops(tokens, past, pair)

    def flops(self, prompt: float, cached: float, completion: float) -> float:
        """FLOPs of one call: the uncached prompt, then the completion."""
        not_negative(prompt_tokens=prompt, cached_tokens=cached, completion_tokens=completion)
        if cached > prompt:
            raise LcragError(f"Of {prompt} prompt tokens {cached} cannot be cached.")
        return self.prefill_flops(prompt - cached, cached) + self.decode_flops(completion, prompt)

    def decode_bytes(self, tokens: float, past: float, batch: float = 1) -> float:
        """Bytes to read for writing ``tokens`` tokens in each of ``batch`` sequences after ``past`` tokens each.

        Each step reads the weights once for all and each sequence's cache: ``tokens * (W + batch * KV(n))``
        (Fu 2024, arXiv 2405.08944), n in the middle of the completion. Only experts that some
        sequence is sent to are read: ``1 - (1 - chosen / experts) ** batch`` of them if all are equally likely.
        """
        not_negative(tokens=tokens, past_tokens=past)
        return tokens * (self.weights_read(batch) + batch * self.kv_bytes(past + tokens / 2))

    def weights_read(self, batch: float = 1) -> float:
        """Bytes of weights that one forward pass reads for ``batch`` tokens."""
        if not self.experts:
            return self.active_parameters * self.weight_bytes
        chosen = self.experts_per_token / self.experts
        shared = self.active_parameters - self.expert_parameters * chosen
        routed: float = self.expert_parameters * (1 - (1 - chosen) ** batch)
        return (shared + routed) * self.weight_bytes

    def decode_intensity(self, past: float, batch: float = 1) -> float:
        """FLOPs per byte that decoding reads (Williams et al. 2009, doi 10.1145/1498765.1498785)."""
        return batch * self.decode_flops(1, past) / self.decode_bytes(1, past, batch)

    @property
    def _pair_flops(self) -> float:
        """FLOPs of one query and one key in all heads of a layer: QK^T and PV."""
        return 2 * self.query_heads * (self.head_dim + (self.value_dim or self.head_dim))

    def _mixing_flops(self, new: float, past: float, pair: float) -> float:
        """FLOPs of attention, and of the states of linear layers."""
        not_negative(new_tokens=new, past_tokens=past)
        full = causal_pairs(new, past) * self.full_layers
        near = chunk_pairs if self.chunked else window_pairs
        sliding = near(new, past, self.window) * self.window_layers if self.window_layers else 0.0
        return pair * (full + sliding) + self.linear_layers * self.linear_flops * new
