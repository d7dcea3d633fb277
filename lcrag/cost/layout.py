"""The number of weights of a transformer's parts, counted from its configuration.

Only matrices are counted (norms and biases are under 0.1% of any known model). Latent attention: DeepSeek-V2,
arXiv 2405.04434, section 2.1. Gated DeltaNet: arXiv 2412.06464. Lightning attention: MiniMax-01, arXiv 2501.08313.
"""

from __future__ import annotations

from dataclasses import dataclass

from lcrag.cost.layers import Fields

TWO_MATRICES = {
    "gpt2",
    "gpt_neox",
    "gptj",
    "opt",
    "phi",
    "falcon",
    "starcoder2",
    "gpt_bigcode",
    "bloom",
    "nemotron",
}
GATED_ATTENTION = {"qwen3_next", "qwen3_5", "qwen3_5_text", "qwen3_5_moe", "qwen3_5_moe_text"}
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
    gate = heads if f.get("attn_output_gate", f.kind in GATED_ATTENTION) else 0
    return hidden * f.head_dim * (2 * heads + gate + 2 * f.kv_heads)


@dataclass(frozen=True)
class Linear:
    """One layer with linear attention: weights, bytes of its state, FLOPs per token on that state."""

    weights: int
    state_bytes: int
    flops: int


def linear_layer(f: Fields, dtype_bytes: int) -> Linear:
    """Gated DeltaNet (Qwen3-Next), else lightning attention (MiniMax).

    A delta rule reads the state by key, adds an outer product and reads it by query (6 FLOPs an element);
    lightning attention has no first read (4).
    """
    hidden = f.need("hidden_size")
    if not f.get("linear_num_value_heads"):
        width = f.heads * f.head_dim
        state = width * f.head_dim
        return Linear(5 * hidden * width, FLOAT32 * state, 4 * state)
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
    matrices = 2 if f.kind in TWO_MATRICES else 3
    if f.kind in TWO_MATRICES and f.get("intermediate_size") is None:
        return FeedForward(layers * matrices * hidden * 4 * hidden)
    experts = int(f.get("num_experts", 0))
    if experts < 2:
        return FeedForward(layers * matrices * hidden * f.need("intermediate_size"))
    sparse = sum(_is_sparse(f, i) for i in range(layers))
    chosen, width = f.need("num_experts_per_tok"), int(f.get("moe_intermediate_size", 0))
    width = width or f.need("intermediate_size")
    always = int(f.get("n_shared_experts", 0)) * width or int(f.get("shared_expert_intermediate_size", 0))
    dense = (layers - sparse) * 3 * hidden * f.need("intermediate_size") if sparse < layers else 0
    gate = 1 if f.get("shared_expert_intermediate_size") else 0
    shared = dense + sparse * hidden * (3 * always + experts + gate)
    return FeedForward(shared, sparse * experts * 3 * hidden * width, experts, chosen)


def _is_sparse(f: Fields, layer: int) -> bool:
    if kinds := f.get("mlp_layer_types"):
        return bool(kinds[layer] == "sparse")
    if layer < f.get("first_k_dense_replace", 0) or layer in f.get("mlp_only_layers", ()):
        return False
    every = f.get("decoder_sparse_step", f.get("moe_layer_freq", 1))
    if isinstance(every, list):
        return bool(every[layer])
    return bool((layer + 1) % every == 0 if "decoder_sparse_step" in f.given else layer % every == 0)
