"""The fields of a model's configuration under their common names."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from lcrag.cost.architectures import TIED
from lcrag.errors import LcragError

ALIASES = {
    "hidden_size": ("n_embd", "d_model"),
    "num_hidden_layers": ("n_layer", "n_layers", "num_layers"),
    "num_attention_heads": ("n_head", "n_heads", "num_heads", "attention_heads"),
    "intermediate_size": ("n_inner", "ffn_dim", "ffn_hidden_size"),
    "num_key_value_heads": ("num_kv_heads", "kv_n_heads"),
    "num_experts": ("num_local_experts", "n_routed_experts", "moe_num_experts"),
    "num_experts_per_tok": ("moe_k", "moe_topk", "moe_top_k"),
    "n_shared_experts": ("num_shared_experts", "moe_num_shared_experts"),
    "first_k_dense_replace": ("num_dense_layers",),
    "max_position_embeddings": ("n_positions",),
    "hidden_act": ("activation_function", "hidden_activation", "mlp_hidden_act"),
}
BYTES = {"float32": 4, "bfloat16": 2, "float16": 2, "float8_e4m3fn": 1}
WEIGHT_BITS = {"fp8": 8, "mxfp4": 4.25, "bitsandbytes": 4, "gptq": 4, "awq": 4}


@dataclass(frozen=True)
class Fields:
    """A configuration whose fields are found under any of their names.

    Attributes:
        given: the configuration.
    """

    given: Mapping[str, Any]

    def get(self, key: str, default: Any = None) -> Any:
        """The value of a field, ``default`` if it is missing or null."""
        for name in (key, *ALIASES.get(key, ())):
            if self.given.get(name) is not None:
                return self.given[name]
        return default

    def need(self, key: str) -> int:
        """The value of a field that must be a positive whole number.

        Raises:
            LcragError: it is missing, or another value.
        """
        value = self.get(key)
        if isinstance(value, bool) or not isinstance(value, int) or value < 1:
            state = "has no" if value is None else f"has {value!r} as"
            raise LcragError(
                f"The model's configuration {state} {key!r}, a positive number that the cost model needs."
            )
        return value

    @property
    def heads(self) -> int:
        """Attention heads."""
        return self.need("num_attention_heads")

    @property
    def kv_heads(self) -> int:
        """Heads of keys and values: all (MHA), fewer (GQA) or one (MQA)."""
        if self.get("multi_query") and not self.get("new_decoder_architecture"):
            return 1
        return int(self.get("num_key_value_heads", self.heads))

    @property
    def head_dim(self) -> int:
        """Width of a head."""
        return int(self.get("head_dim") or self.need("hidden_size") // self.heads)

    @property
    def kind(self) -> str:
        """The architecture's name."""
        return str(self.get("model_type", ""))

    @property
    def is_tied(self) -> bool:
        """Whether the output head is the input embedding."""
        return bool(self.get("tie_word_embeddings", self.kind in TIED))

    @property
    def value_dim(self) -> int:
        """Width of a head's values; with latent attention and in MiMo-V2 not that of its keys."""
        return int(self.get("v_head_dim", self.head_dim))

    @property
    def dtype_bytes(self) -> int:
        """Bytes of an element of activations and of the KV cache."""
        dtype = str(self.get("dtype") or self.get("torch_dtype") or "bfloat16").removeprefix("torch.")
        return BYTES.get(dtype, 2)

    @property
    def weight_bytes(self) -> float:
        """Bytes of a weight, after quantization."""
        quantization = self.get("quantization_config")
        if not isinstance(quantization, dict):
            return self.dtype_bytes
        bits = quantization.get("bits") or WEIGHT_BITS.get(str(quantization.get("quant_method")))
        return bits / 8 if isinstance(bits, int | float) else self.dtype_bytes
