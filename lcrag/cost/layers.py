"""The kinds of a model's layers, and the configurations that the cost model refuses."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from lcrag.cost.architectures import (
    ALL_SLIDE,
    GATED,
    PATTERNS,
    REFUSED,
    REFUSED_TYPES,
    TWO_MATRICES,
    known_fields,
    refusal,
    refusal_of_activation,
    refusal_of_type,
)
from lcrag.cost.fields import Fields
from lcrag.errors import LcragError

KINDS = {
    "full_attention": "full",
    "attention": "full",
    "sliding_attention": "window",
    "chunked_attention": "chunk",
    "linear_attention": "linear",
    "mamba": "linear",
    "conv": "linear",
}
LIGHTNING_KINDS = {0: "linear", 1: "full"}  # MiniMax's attn_type_list
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
    *("moe_layer_freq", "linear_conv_kernel_dim", "kv_n_heads"),
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


def layer_kinds(f: Fields) -> list[str]:
    """``full``, ``window``, ``chunk`` or ``linear`` for each layer.

    Raises:
        LcragError: the cost model does not cover a kind of layer, or this model type.
    """
    _check_known(f)
    layers = f.need("num_hidden_layers")
    for field, meaning in (
        ("attn_type_list", LIGHTNING_KINDS),
        ("layer_types", KINDS),
        ("layers_block_type", KINDS),
    ):
        if types := f.get(field):
            return _read_kinds(types, meaning, field, layers)
    if f.kind == "bamba":
        return ["full" if i in f.get("attn_layer_indices", ()) else "linear" for i in range(layers)]
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
    if f.kind in REFUSED_TYPES:
        raise LcragError(refusal_of_type(f.kind))
    known = READ | NO_EFFECT | known_fields(f.kind)
    for key in REFUSED:
        if f.given.get(key) and key not in known:
            raise LcragError(refusal(key))
    for key, value in f.given.items():
        about_norms = key.startswith("layernorm_")  # MiniMax's scales of residuals
        if value and ABOUT_LAYERS.search(key) and key not in known and not about_norms:
            raise LcragError(
                f"The cost model does not know the field {key!r} of this configuration, which may change layers or "
                "attention: its figures would be a guess."
            )
    activation = f.get("hidden_act", "silu")
    if f.kind and activation not in ("silu", "swish") and f.kind not in TWO_MATRICES | GATED:
        raise LcragError(refusal_of_activation(f.kind, activation))
