"""How many weights a transformer has and what its layers keep, counted from its configuration.

Counted are the matrices (norms and biases are under 0.1% of any model here). Latent attention: DeepSeek-V2,
arXiv 2405.04434, section 2.1. Gated DeltaNet: arXiv 2412.06464. Lightning attention: MiniMax-01, arXiv 2501.08313.
"""

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
KINDS = {
    "full_attention": "full",
    "attention": "full",
    "sliding_attention": "window",
    "linear_attention": "linear",
}
FLOAT32 = 4  # bytes: recurrent states are kept in it


@dataclass(frozen=True)
class Fields:
    """A configuration's fields under their common names."""

    given: Mapping[str, Any]

    def get(self, key: str, default: Any = None) -> Any:
        """The field or one of its other names; ``default`` where it is missing or null."""
        for name in (key, *ALIASES.get(key, ())):
            if self.given.get(name) is not None:
                return self.given[name]
        return default

    def need(self, key: str) -> int:
        """A positive whole number.

        Raises:
            LcragError: it is missing or something else.
        """
        value = self.get(key)
        if isinstance(value, bool) or not isinstance(value, int) or value < 1:
            found = "has no" if value is None else f"has {value!r} as"
            raise LcragError(
                f"The model's configuration {found} {key!r}, a positive number that the cost model needs."
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


def layer_kinds(f: Fields) -> list[str]:
    """``full``, ``window`` or ``linear`` for each layer.

    Raises:
        LcragError: the layers are of a kind that is not covered.
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
    """One linear-attention layer: its weights, the bytes of its state, FLOPs a token on that state."""

    weights: int
    state_bytes: int
    flops: int


def linear_layer(f: Fields, dtype_bytes: int) -> Linear:
    """Gated DeltaNet (Qwen3-Next), else lightning attention (MiniMax).

    A delta rule reads the state by key, adds an outer product and reads it by query (6 FLOPs an element);
    lightning attention does without the first (4).
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
    """All feed-forward layers: weights every token passes, weights of all routed experts, the share it passes."""

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
