"""The fields of a model's configuration under their common names, and the kinds of its layers."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from lcrag.errors import LcragError

ALIASES = {
    "hidden_size": ("n_embd",),
    "num_hidden_layers": ("n_layer",),
    "num_attention_heads": ("n_head",),
    "intermediate_size": ("n_inner", "ffn_dim", "ffn_hidden_size"),
    "num_key_value_heads": ("num_kv_heads",),
    "num_experts": ("num_local_experts", "n_routed_experts"),
}
NOT_COVERED = (
    "is_encoder_decoder",
    "num_kv_shared_layers",
    "hidden_size_per_layer_input",
    "global_head_dim",
    "intermediate_size_mlp",
    "mamba_d_state",
    "ssm_state_size",
    "state_size",
)
KINDS = {
    "full_attention": "full",
    "attention": "full",
    "sliding_attention": "window",
    "linear_attention": "linear",
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
        return int(self.get("head_dim", self.need("hidden_size") // self.heads))

    @property
    def kind(self) -> str:
        """The architecture's name."""
        return str(self.get("model_type", ""))

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


def layer_kinds(f: Fields) -> list[str]:
    """``full``, ``window`` or ``linear`` for each layer.

    Raises:
        LcragError: the cost model does not cover a kind of layer.
    """
    for key in NOT_COVERED:
        if f.get(key):
            raise LcragError(f"The cost model does not cover this architecture ({key} is set).")
    layers = f.need("num_hidden_layers")
    if types := f.get("layer_types"):
        unknown = sorted(set(types) - set(KINDS))
        if unknown or len(types) != layers:
            what = (
                f"layers of kind {unknown[0]!r}"
                if unknown
                else f"{layers} layers with {len(types)} layer_types"
            )
            raise LcragError(f"The cost model does not cover {what}.")
        return [KINDS[t] for t in types]
    if every := f.get("full_attention_interval"):
        return ["full" if (i + 1) % every == 0 else "linear" for i in range(layers)]
    if not f.get("sliding_window") or f.get("use_sliding_window") is False:
        return ["full"] * layers
    if f.get("use_sliding_window"):
        first = f.get("max_window_layers", 0)
        return ["full" if i < first else "window" for i in range(layers)]
    every = f.get("sliding_window_pattern", 2 if f.kind in {"gemma2", "gpt_oss"} else 0)
    return ["full" if every and (i + 1) % every == 0 else "window" for i in range(layers)]
