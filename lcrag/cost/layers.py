"""The fields of a model's configuration under their common names, and the kinds of its layers."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
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
LIGHTNING = {0: "linear", 1: "full"}  # MiniMax's attn_type_list
PATTERNS = {"gemma2": 2, "gpt_oss": 2, "gemma3_text": 6, "cohere2": 4}  # every n-th layer sees the whole text
ALL_SLIDE = {"mistral", "mixtral", "phi3", "phimoe", "starcoder2"}
TIED = {"bloom", "cohere", "cohere2", "falcon", "gemma", "gemma2", "gemma3_text", "gpt2", "opt", "smollm3"}
ABOUT_LAYERS = re.compile(
    r"attn|attention|layer|window|sliding|chunk|conv|block_types|recurrent|^kv_|^index_|per_head"
)
READ = {
    *("num_hidden_layers", "n_layer", "num_attention_heads", "layer_types", "attn_type_list"),
    *("sliding_window", "use_sliding_window", "max_window_layers", "full_attention_interval"),
    *(
        "sliding_window_pattern",
        "_sliding_window_pattern",
        "attn_output_gate",
        "kv_lora_rank",
        "mlp_layer_types",
    ),
    *("moe_layer_freq", "linear_conv_kernel_dim"),
}
NO_EFFECT = {  # on weights, cache or FLOPs
    *("layer_norm_eps", "layer_norm_epsilon", "layer_norm_elementwise_affine", "do_layer_norm_before"),
    *(
        "attention_dropout",
        "attention_probs_dropout_prob",
        "attn_pdrop",
        "attention_bias",
        "attention_out_bias",
    ),
    *(
        "attention_multiplier",
        "attention_value_scale",
        "attn_logit_softcapping",
        "scale_attn_weights",
        "layerdrop",
    ),
    *("attention_softmax_in_fp32", "scale_attention_softmax_in_fp32", "scale_attn_by_inverse_layer_idx"),
    *("reorder_and_upcast_attn", "parallel_attn", "num_ln_in_parallel_attn", "use_bidirectional_attention"),
    *("attn_implementation", "_attn_implementation", "_attn_implementation_autoset", "output_attentions"),
    *(
        "full_attn_alpha_factor",
        "full_attn_beta_factor",
        "linear_attn_alpha_factor",
        "linear_attn_beta_factor",
    ),
    *(
        "no_rope_layers",
        "no_rope_layer_interval",
        "layer_rope_theta",
        "num_nextn_predict_layers",
        "qk_layernorm",
    ),
    *("query_pre_attn_scalar", "chunk_size_feed_forward"),
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
    def is_tied(self) -> bool:
        """Whether the output head is the input embedding."""
        return bool(self.get("tie_word_embeddings", self.kind in TIED))

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
    _check_known(f)
    layers = f.need("num_hidden_layers")
    for field, meaning in (("attn_type_list", LIGHTNING), ("layer_types", KINDS)):
        if types := f.get(field):
            return _read_kinds(types, meaning, field, layers)
    if every := f.get("full_attention_interval"):
        return ["full" if (i + 1) % every == 0 else "linear" for i in range(layers)]
    if not f.get("sliding_window") or f.get("use_sliding_window") is False:
        return ["full"] * layers
    if f.get("use_sliding_window"):
        first = f.get("max_window_layers", 0)
        return ["full" if i < first else "window" for i in range(layers)]
    every = f.get("sliding_window_pattern", PATTERNS.get(f.kind))
    if every is None and f.kind not in ALL_SLIDE:
        raise LcragError(
            f"The configuration has a sliding_window, but does not say which layers slide, and it is not known for the "
            f"model type {f.kind!r}: give layer_types."
        )
    return ["full" if every and (i + 1) % every == 0 else "window" for i in range(layers)]


def _read_kinds(types: Sequence[Any], meaning: Mapping[Any, str], field: str, layers: int) -> list[str]:
    unknown = [t for t in types if t not in meaning]
    if unknown or len(types) != layers:
        what = f"layers of kind {unknown[0]!r}" if unknown else f"{layers} layers with {len(types)} {field}"
        raise LcragError(f"The cost model does not cover {what}.")
    return [meaning[t] for t in types]


def _check_known(f: Fields) -> None:
    """Refuse what may change layers or attention in a way that the cost model would leave out."""
    for key, value in f.given.items():
        about_norms = key.startswith("layernorm_")  # MiniMax's scales of residuals
        if value and ABOUT_LAYERS.search(key) and key not in READ | NO_EFFECT and not about_norms:
            raise LcragError(
                f"The cost model does not know the field {key!r} of this configuration, which may change layers or "
                "attention: its figures would be a guess."
            )
