"""What a configuration does not say because the code of its model type decides it, as transformers' code has it."""

from __future__ import annotations

from typing import Any

PATTERNS = {"gemma2": 2, "gpt_oss": 2, "gemma3_text": 6, "cohere2": 4}  # every n-th layer sees the whole text
ALL_SLIDE = {"mistral", "mixtral", "phi3", "phimoe", "starcoder2"}
TIED = {
    *("bloom", "cohere", "cohere2", "falcon", "gemma", "gemma2", "gemma3_text", "gpt2", "opt", "smollm3"),
    *("ernie4_5_moe", "gpt_neo", "lfm2", "lfm2_moe", "mpt", "xglm"),
}
TWO_MATRICES = {  # a feed-forward layer without a gate
    *(
        "apertus",
        "arcee",
        "biogpt",
        "bloom",
        "codegen",
        "falcon",
        "gpt2",
        "gpt_bigcode",
        "gpt_neo",
        "gpt_neox",
    ),
    *("gpt_neox_japanese", "gptj", "jais2", "mpt", "nanochat", "nemotron", "opt", "persimmon", "phi"),
    *("starcoder2", "xglm"),
}
GATED = {  # three matrices with another activation than SiLU
    *("bitnet", "gemma", "gemma2", "gemma3_text", "vaultgemma"),
}
GATED_ATTENTION = {"afmoe", "qwen3_next", "qwen3_5", "qwen3_5_text", "qwen3_5_moe", "qwen3_5_moe_text"}
SHARED_EXPERT = {"hunyuan_v1_moe", "llama4_text"}  # one for every token
LIGHTNING = {"minimax", "minimax_text_01"}  # their linear layers are lightning attention
LEARNED_POSITIONS = {
    "biogpt": 2,
    "gpt2": 0,
    "gpt_bigcode": 0,
    "gpt_neo": 0,
    "opt": 2,
}  # rows beyond the window

KNOWN_FIELDS: dict[str, set[str]] = {  # about layers, and read or without an effect in this model type alone
    "afmoe": {"num_dense_layers", "global_attn_every_n_layers"},
    "bamba": {"attn_layer_indices", "layers_block_type", "mamba_chunk_size", "mamba_d_conv", "mamba_conv_bias",
              "mamba_d_state"},
    "dbrx": {"n_layers"},
    "ernie4_5_moe": {"moe_layer_start_index", "moe_layer_end_index", "moe_layer_interval"},
    "gpt_neo": {"num_layers", "attention_types", "attention_layers", "window_size"},  # a local layer keeps all
    "granitemoehybrid": {"layers_block_type", "mamba_chunk_size", "mamba_d_conv", "mamba_conv_bias", "mamba_d_state"},
    "lfm2": {"conv_L_cache", "conv_bias", "full_attn_idxs"},
    "lfm2_moe": {"conv_L_cache", "conv_bias", "num_dense_layers"},
    "llama4_text": {"attention_chunk_size", "moe_layers", "interleave_moe_layer_step", "attn_scale",
                    "attn_temperature_tuning", "intermediate_size_mlp"},
    "mpt": {"n_layers", "attn_type", "attn_impl", "attn_uses_sequence_id"},
    "xglm": {"num_layers", "attention_heads"},
}  # fmt: skip

REFUSED: dict[str, str] = {  # what it would take, by field
    "is_encoder_decoder": "an encoder's weights and the decoder's cache of its text would have to be counted apart",
    "num_kv_shared_layers": "the cache would have to be counted for the layers that keep one of their own",
    "hidden_size_per_layer_input": "embeddings for each layer, and heads of another width in layers that see the whole "
    "text, would have to be counted",
    "global_head_dim": "heads of another width in layers that see the whole text would have to be counted",
    "per_layer_config": "the shape of each layer would have to be read from it",
    "intermediate_size_mlp": "its dense layers would have to be told from those with experts",
    "mamba_d_state": "its state-space layers would have to be counted; only those of Bamba and Granite 4 are",
    "ssm_state_size": "its state-space layers, and layers that are feed-forward only, would have to be counted",
    "state_size": "its state-space layers would have to be counted; without attention there is no KV cache",
    "index_topk": "the indexer's keys, and attention to the chosen tokens only, would have to be counted",
    "index_n_heads": "the indexer's keys, and attention to the chosen tokens only, would have to be counted",
    "attention_chunk_size": "which layers attend within chunks would have to be said by layer_types",
    "cross_attention_layers": "the cache of the images would have to be counted",
    "decoder_layers": "a decoder of images or speech would have to be counted with its encoder",
    "num_attention_heads_per_layer": "the shape of each layer would have to be read from it",
    "swa_num_attention_heads": "heads in sliding layers would have to be counted apart",
    "num_layers_per_stack": "layers that run several times per token would have to be counted each time",
    "prefix_dense_sliding_window_pattern": "its first dense layers would have to be counted apart",
    "keep_window_size": "attention to chosen tokens would have to be counted",
    "ple_conv_kernel_size": "embeddings for each layer would have to be counted",
    "attention_window_size": "its recurrent layers would have to be counted",
    "chunkwise_kernel": "its recurrent layers would have to be counted; there is no KV cache",
    "attention_hidden_size": "its recurrent layers would have to be counted; there is no KV cache",
    "linear_num_heads": "its linear layers would have to be counted as Kimi Delta Attention",
    "local_attention": "its pattern of local layers would have to be read",
    "kv_channels": "experts within attention would have to be counted",
    "lambda_std_dev": "values of twice a head's width (differential attention) would have to be counted",
    "zero_expert_num": "layers with two attentions, and tokens that pass no expert, would have to be counted",
    "afn": "a model without a KV cache would have to be counted",
    "dff": "its names of sizes would have to be read",
    "dim_ff": "its names of sizes would have to be read",
    "cross_attn_k": "its byte-level encoder and decoder would have to be counted",
}

REFUSED_TYPES = {
    "mimo_v2_flash": "its sliding layers have twice the KV heads that the configuration says",
}


def known_fields(kind: str) -> set[str]:
    """Fields about layers that have been checked for this model type alone."""
    return KNOWN_FIELDS.get(kind, set())


def refusal(field: str) -> str:
    """One sentence about a field that the cost model does not cover."""
    return f"The cost model does not cover {field!r} of this configuration: {REFUSED[field]}."


def refusal_of_type(kind: str) -> str:
    """One sentence about a model type whose code does something that no field says."""
    return f"The cost model does not cover the model type {kind!r}: {REFUSED_TYPES[kind]}."


def refusal_of_activation(kind: str, activation: Any) -> str:
    """One sentence about a model type whose feed-forward layers have not been checked."""
    return (
        f"The cost model does not know the model type {kind!r}, whose activation is {activation!r}: its feed-forward "
        "layers may have two matrices or three."
    )
