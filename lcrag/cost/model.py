"""FLOPs and KV bytes of a decoder-only transformer, from its Hugging Face configuration."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from lcrag.errors import LcragError

BYTES = {"float32": 4, "bfloat16": 2, "float16": 2, "float8_e4m3fn": 1}


@dataclass(frozen=True)
class ModelSpec:
    """A model's shape.

    Attributes:
        parameters: weights that every token passes through: all but the input embedding, the output
            head included (also where it is tied to the embedding).
        layers: number of layers.
        query_heads: attention heads.
        kv_heads: heads of keys and values (fewer under grouped-query attention).
        head_dim: width of a head.
        dtype_bytes: bytes of a KV element.
    """

    parameters: int
    layers: int
    query_heads: int
    kv_heads: int
    head_dim: int
    dtype_bytes: int = 2

    @classmethod
    def from_config(cls, config: Any) -> ModelSpec:
        """Read a Llama-like configuration (a mapping or a transformers config).

        Raises:
            LcragError: a field is missing, or the architecture has experts, latent or windowed attention,
                which this model of cost would get wrong.
        """
        fields = config if isinstance(config, Mapping) else config.to_dict()
        for key in ("num_experts", "num_local_experts", "n_routed_experts", "kv_lora_rank"):
            if fields.get(key):
                raise LcragError(f"The cost model does not cover this architecture ({key} is set).")
        if {"linear_attention", "sliding_attention"} & set(fields.get("layer_types") or ()):
            raise LcragError("The cost model does not cover sliding or linear attention layers.")

        def need(key: str) -> int:
            if not isinstance(fields.get(key), int):
                raise LcragError(f"The model's configuration has no {key!r}, which the cost model needs.")
            return int(fields[key])

        hidden, layers, heads = need("hidden_size"), need("num_hidden_layers"), need("num_attention_heads")
        kv_heads = fields.get("num_key_value_heads") or heads
        head_dim = fields.get("head_dim") or hidden // heads
        attention = hidden * head_dim * (2 * heads + 2 * kv_heads)
        feed_forward = 3 * hidden * need("intermediate_size")
        parameters = layers * (attention + feed_forward) + hidden * need("vocab_size")
        dtype = str(fields.get("dtype") or fields.get("torch_dtype") or "bfloat16").removeprefix("torch.")
        return cls(parameters, layers, heads, kv_heads, head_dim, BYTES.get(dtype, 2))

    @property
    def kv_bytes_per_token(self) -> int:
        """Keys and values of one token in all layers: 2 * layers * kv_heads * head_dim * bytes."""
        return 2 * self.layers * self.kv_heads * self.head_dim * self.dtype_bytes

    def prefill_flops(self, new: float, past: float = 0) -> float:
        """FLOPs to process ``new`` tokens after ``past`` cached ones, with causal attention.

        2 * parameters a token (Kaplan et al. 2020, arXiv 2001.08361, section 2.1) and 4 * layers *
        width of the queries for each pair that attends: ``new * past`` pairs and half of ``new ** 2``.
        """
        pairs = new * past + new * new / 2
        return 2 * self.parameters * new + 4 * self.layers * self.query_heads * self.head_dim * pairs

    def decode_flops(self, tokens: float, past: float) -> float:
        """FLOPs to write ``tokens`` tokens after ``past`` ones, one by one."""
        return self.prefill_flops(tokens, past)

    def flops(self, prompt: float, cached: float, completion: float) -> float:
        """FLOPs of one call: the uncached prompt, then the completion."""
        return self.prefill_flops(prompt - cached, cached) + self.decode_flops(completion, prompt)
