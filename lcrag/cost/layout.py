"""The number of weights of a transformer's parts, counted from its configuration.

Only matrices are counted (norms and biases are under 0.1% of any known model). Latent attention: DeepSeek-V2,
arXiv 2405.04434, section 2.1. Gated DeltaNet: arXiv 2412.06464. Mamba-2:
arXiv 2405.21060. Lightning attention: MiniMax-01, arXiv 2501.08313.
"""

from __future__ import annotations

from dataclasses import dataclass

from lcrag.cost.architectures import (
    GATED_ATTENTION,
    LEARNED_POSITIONS,
    LIGHTNING,
    SHARED_EXPERT,
    TWO_MATRICES,
)
from lcrag.cost.fields import Fields
from lcrag.errors import LcragError

FLOAT32 = 4  # bytes of an element of a recurrent state


def attention_weights(f: Fields) -> int:
    """Weights of one layer with softmax attention."""
    hidden, heads = f.need("hidden_size"), f.heads
    if latent := f.get("kv_lora_rank"):
        rope, nope, value = f.need("qk_rope_head_dim"), f.need("qk_nope_head_dim"), f.need("v_head_dim")
        query = f.get("q_lora_rank")
        queries = (
            (hidden * query + query * heads * (nope + rope)) if query else hidden * heads * (nope + rope)
        )
        return int(
            queries + hidden * (latent + rope) + latent * heads * (nope + value) + heads * value * hidden
        )
    keys, values = f.head_dim, f.value_dim
    gate = heads if f.get("attn_output_gate", f.kind in GATED_ATTENTION) else 0
    return hidden * (keys * (heads + gate + f.kv_heads) + values * (heads + f.kv_heads))


@dataclass(frozen=True)
class Linear:
    """One layer with linear attention: weights, bytes of its state, FLOPs per token on that state."""

    weights: int
    state_bytes: int
    flops: int


def linear_layer(f: Fields, dtype_bytes: int) -> Linear:
    """Mamba-2, a short convolution (LFM2), Gated DeltaNet (Qwen3-Next) or lightning attention (MiniMax).

    A delta rule reads the state by key, adds an outer product and reads it by query (6 FLOPs an element);
    Mamba-2 and lightning attention have no first read (4); a convolution has no state but its last inputs.

    Raises:
        LcragError: the configuration does not describe one of these.
    """
    hidden = f.need("hidden_size")
    if kernel := f.get("conv_L_cache"):
        return Linear(hidden * (4 * hidden + kernel), dtype_bytes * hidden * kernel, 0)
    if f.get("mamba_d_state"):
        return _mamba2(f, hidden, dtype_bytes)
    if f.get("linear_num_value_heads"):
        return _gated_delta_net(f, hidden, dtype_bytes)
    if f.kind not in LIGHTNING and not f.get("attn_type_list"):
        raise LcragError(f"The cost model does not know the linear attention of the model type {f.kind!r}.")
    width = f.heads * f.head_dim
    state = width * f.head_dim
    return Linear(5 * hidden * width, FLOAT32 * state, 4 * state)


def _mamba2(f: Fields, hidden: int, dtype_bytes: int) -> Linear:
    heads, size, kernel = f.need("mamba_n_heads"), f.need("mamba_d_state"), f.need("mamba_d_conv")
    width = int(f.get("mamba_expand", 2) * hidden)
    mixed = width + 2 * f.need("mamba_n_groups") * size
    weights = hidden * (width + mixed + heads) + mixed * kernel + width * hidden
    return Linear(weights, FLOAT32 * width * size + dtype_bytes * mixed * kernel, 4 * width * size)


def _gated_delta_net(f: Fields, hidden: int, dtype_bytes: int) -> Linear:
    value_heads, value_dim = f.need("linear_num_value_heads"), f.need("linear_value_head_dim")
    keys = f.need("linear_num_key_heads") * f.need("linear_key_head_dim")
    values, kernel = value_heads * value_dim, int(f.get("linear_conv_kernel_dim", 4))
    state = values * f.need("linear_key_head_dim")
    mixed = 2 * keys + values
    weights = hidden * (mixed + values + 2 * value_heads) + mixed * kernel + values * hidden
    return Linear(weights, FLOAT32 * state + dtype_bytes * mixed * kernel, 6 * state)


@dataclass(frozen=True)
class FeedForward:
    """The weights of all feed-forward layers.

    Attributes:
        shared: weights that every token passes through.
        experts: weights of all routed experts.
        routed: the number of routed experts of a layer.
        chosen: the number of experts that a token is sent to.
    """

    shared: int
    experts: int = 0
    routed: int = 0
    chosen: int = 0


def feed_forward(f: Fields) -> FeedForward:
    """Dense layers, and mixtures of experts (Shazeer et al. 2017, arXiv 1701.06538) with their routers."""
    hidden, layers = f.need("hidden_size"), f.need("num_hidden_layers")
    experts = int(f.get("num_experts", 0))
    if experts < 2:
        matrices = 2 if f.kind in TWO_MATRICES else 3
        return FeedForward(layers * matrices * hidden * _dense_width(f))
    sparse = sum(_is_sparse(f, i) for i in range(layers))
    chosen, width = f.need("num_experts_per_tok"), int(f.get("moe_intermediate_size", 0))
    width = width or f.need("intermediate_size")
    one_for_all = int(f.get("shared_expert_intermediate_size", 0))  # behind a gate
    always = int(f.get("n_shared_experts", f.kind in SHARED_EXPERT)) * width
    always = always or one_for_all or int(f.get("shared_intermediate_size", 0))
    dense = (layers - sparse) * 3 * hidden * _dense_width(f) if sparse < layers else 0
    shared = dense + sparse * hidden * (3 * always + experts + (1 if one_for_all else 0))
    return FeedForward(shared, sparse * experts * 3 * hidden * width, experts, chosen)


def _dense_width(f: Fields) -> int:
    """Width of a feed-forward layer without experts."""
    hidden = f.need("hidden_size")
    if width := f.get("intermediate_size_mlp") or f.get("shared_intermediate_size"):
        return int(width)
    if f.kind in TWO_MATRICES and f.get("intermediate_size") is None:
        return hidden * int(f.get("intermediate_multiple_size", 4))
    width = f.need("intermediate_size")
    if not f.get("block_auto_adjust_ff_dim"):
        return width
    width, multiple = int(2 * width / 3), f.need("block_multiple_of")  # LFM2
    return -(-int(f.get("block_ffn_dim_multiplier", 1) * width) // multiple) * multiple


def _is_sparse(f: Fields, layer: int) -> bool:
    if kinds := f.get("mlp_layer_types"):
        return bool(kinds[layer] == "sparse")
    if (chosen := f.get("moe_layers")) is not None:
        return layer in chosen
    if layer < f.get("first_k_dense_replace", 0) or layer in f.get("mlp_only_layers", ()):
        return False
    first, last = f.get("moe_layer_start_index", 0), f.get("moe_layer_end_index", -1)
    if layer < first or 0 <= last < layer:
        return False
    every = f.get("decoder_sparse_step", f.get("moe_layer_interval", f.get("moe_layer_freq", 1)))
    if isinstance(every, list):
        return bool(every[layer])
    counts_from_one = "decoder_sparse_step" in f.given or "moe_layer_interval" in f.given
    return bool((layer + 1) % every == 0 if counts_from_one else layer % every == 0)


def position_weights(f: Fields) -> int:
    """Weights of learned position embeddings."""
    if f.kind not in LEARNED_POSITIONS:
        return 0
    return f.need("hidden_size") * (f.need("max_position_embeddings") + LEARNED_POSITIONS[f.kind])
