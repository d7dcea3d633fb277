"""Weights, KV cache and FLOPs of small models that transformers builds, and configurations that are refused."""

import pytest

from lcrag.cost.architectures import KNOWN_FIELDS, LEARNED_POSITIONS, REFUSED, REFUSED_TYPES
from lcrag.cost.model import ModelSpec
from lcrag.cost.pairs import chunk_pairs, window_pairs
from lcrag.errors import LcragError

SIZES = {
    "hidden_size": 64,
    "num_hidden_layers": 4,
    "num_attention_heads": 4,
    "vocab_size": 128,
    "dtype": "float32",
}
DENSE = SIZES | {"num_key_value_heads": 2, "intermediate_size": 96, "pad_token_id": 0}
OLD = {"n_embd": 64, "n_layer": 4, "n_head": 4, "n_positions": 128, "vocab_size": 128, "dtype": "float32"}
EXPERTS = DENSE | {"num_experts": 8, "num_experts_per_tok": 2, "moe_intermediate_size": 32}
LATENT = SIZES | {"intermediate_size": 96, "q_lora_rank": 24, "kv_lora_rank": 16, "qk_rope_head_dim": 8,
                  "qk_nope_head_dim": 16, "v_head_dim": 16, "moe_intermediate_size": 32, "n_routed_experts": 8,
                  "num_experts_per_tok": 2, "n_group": 1, "topk_group": 1}  # fmt: skip
STATE_SPACE = {"mamba_n_heads": 8, "mamba_d_head": 16, "mamba_d_state": 16, "mamba_n_groups": 1}
CONVOLUTIONS = {"layer_types": ["conv", "full_attention", "conv", "conv"]}
SHAPES = {
    "afmoe": EXPERTS | {"head_dim": 16, "sliding_window": 16},
    "apertus": DENSE,
    "arcee": DENSE,
    "aria_text": DENSE | {"moe_num_experts": 8, "moe_topk": 2},
    "bamba": DENSE | STATE_SPACE | {"attn_layer_indices": [1]},
    "biogpt": SIZES | {"intermediate_size": 96, "max_position_embeddings": 128, "pad_token_id": 0},
    "codegen": OLD | {"rotary_dim": 8},
    "deepseek_v2": LATENT | {"n_shared_experts": 2, "first_k_dense_replace": 1},
    "ernie4_5_moe": DENSE | {"moe_num_experts": 8, "moe_k": 2, "moe_intermediate_size": 32},
    "exaone_moe": EXPERTS | {"sliding_window": 16},
    "gemma2": DENSE | {"head_dim": 16, "sliding_window": 16},
    "gpt2": OLD,
    "gpt_neo": SIZES | {"attention_types": [[["global", "local"], 2]], "max_position_embeddings": 128},
    "gpt_neox_japanese": SIZES,
    "granitemoehybrid": DENSE | STATE_SPACE | {"num_local_experts": 8, "num_experts_per_tok": 2,
                                               "shared_intermediate_size": 40, "layer_types":
                                               ["mamba", "mamba", "attention", "mamba"]},
    "granitemoeshared": DENSE | {"num_local_experts": 8, "num_experts_per_tok": 2, "shared_intermediate_size": 40},
    "hunyuan_v1_moe": DENSE | {"head_dim": 16, "num_experts": 8, "moe_topk": 2,
                               "rope_parameters": {"rope_type": "default", "rope_theta": 10000.0}},
    "hy_v3": EXPERTS | {"head_dim": 16},
    "jais2": DENSE,
    "lfm2": DENSE | CONVOLUTIONS | {"block_multiple_of": 16},
    "lfm2_moe": EXPERTS | CONVOLUTIONS,
    "llama4_text": DENSE | {"head_dim": 16, "num_local_experts": 4, "num_experts_per_tok": 1,
                            "intermediate_size_mlp": 112, "interleave_moe_layer_step": 2, "attention_chunk_size": 16},
    "mpt": {"d_model": 64, "n_layers": 4, "n_heads": 4, "vocab_size": 128, "dtype": "float32"},
    "nanochat": DENSE,
    "opt": SIZES | {"ffn_dim": 96, "max_position_embeddings": 128, "word_embed_proj_dim": 64},
    "persimmon": SIZES | {"intermediate_size": 96},
    "qwen3_next": EXPERTS | {"head_dim": 16, "shared_expert_intermediate_size": 32, "linear_num_key_heads": 2,
                             "linear_num_value_heads": 4, "linear_key_head_dim": 16, "linear_value_head_dim": 16},
    "xglm": {"d_model": 64, "num_layers": 4, "attention_heads": 4, "ffn_dim": 96, "vocab_size": 128,
             "max_position_embeddings": 128, "dtype": "float32"},
}  # fmt: skip
LINEAR = {"bamba", "granitemoehybrid", "qwen3_next"}  # their FLOPs in chunks are another algorithm's


@pytest.fixture(scope="module")
def build():
    """A model with random weights and its shape, by model type."""
    pytest.importorskip("torch")
    from transformers import AutoConfig, AutoModelForCausalLM

    def make(kind):
        config = AutoConfig.for_model(kind, **SHAPES[kind])
        config._experts_implementation = "eager"  # torch does not count grouped products
        model = AutoModelForCausalLM.from_config(config, attn_implementation="eager").eval()
        return model, ModelSpec.from_config(config)

    return make


@pytest.mark.parametrize("kind", SHAPES)
def test_every_matrix_of_a_real_model_is_counted(build, kind):
    """Norms, biases and other vectors are left out; all parameters differ by no more than them."""
    model, spec = build(kind)
    matrices = sum(p.numel() for n, p in model.named_parameters() if p.dim() > 1 and not n.endswith("bias"))
    assert spec.total_parameters == matrices
    vectors = sum(p.numel() for n, p in model.named_parameters() if p.dim() == 1 or n.endswith("bias"))
    assert spec.total_parameters == model.num_parameters() - vectors


@pytest.mark.parametrize("tokens", [7, 40])
@pytest.mark.parametrize("kind", SHAPES)
def test_the_cache_of_a_real_forward_pass(build, kind, tokens):
    """transformers keeps one token fewer than a sliding window: the next one completes it."""
    import torch

    model, spec = build(kind)
    with torch.inference_mode():
        cache = model(torch.arange(3, 3 + tokens)[None], use_cache=True).past_key_values
    kept = sum(map(tensor_bytes, cache.layers))
    beyond = spec.window_layers * spec.kv_layer_bytes if spec.window and tokens > spec.window else 0
    assert kept == spec.kv_bytes(tokens) - beyond


def tensor_bytes(layer):
    tensors = [getattr(layer, "keys", None), getattr(layer, "values", None)]
    for states in ("conv_states", "recurrent_states"):
        tensors += (getattr(layer, states, None) or {}).values()
    return sum(t.nbytes for t in tensors if t is not None)


@pytest.mark.parametrize("kind", sorted(set(SHAPES) - LINEAR))
def test_the_flops_of_a_real_forward_pass(build, kind):
    """Eager attention makes the masked pairs too; Llama 4's code sends every token to every expert."""
    import torch
    from torch.utils.flop_counter import FlopCounterMode

    model, spec = build(kind)
    new = 64
    with torch.no_grad(), FlopCounterMode(display=False) as counter:
        model(torch.arange(3, 3 + new)[None], logits_to_keep=1, use_cache=True)
    pair = 2 * spec.query_heads * (spec.head_dim + (spec.value_dim or spec.head_dim))
    near = (chunk_pairs if spec.chunked else window_pairs)(new, 0, spec.window) if spec.window else 0
    masked = pair * (spec.full_layers * new * new / 2 + spec.window_layers * (new * new - near))
    idle = spec.expert_parameters * (1 - spec.experts_per_token / max(spec.experts, 1))
    expected = spec.prefill_flops(new) + masked + (2 * new * idle if kind == "llama4_text" else 0)
    assert counter.get_total_flops() == pytest.approx(expected, rel=0.002)


def test_a_published_mixture_with_nested_fields():
    """DBRX: 132B weights, 36B active (Databricks 2024); the input embedding counts as active there."""
    dbrx = {"model_type": "dbrx", "d_model": 6144, "n_heads": 48, "n_layers": 40, "vocab_size": 100352,
            "max_seq_len": 32768, "attn_config": {"clip_qkv": 8, "kv_n_heads": 8, "rope_theta": 500000},
            "ffn_config": {"ffn_hidden_size": 10752, "moe_num_experts": 16, "moe_top_k": 4}}  # fmt: skip
    spec = ModelSpec.from_config(dbrx)
    assert spec.total_parameters == pytest.approx(131.6e9, rel=0.001)
    assert spec.active_parameters + spec.head_parameters == pytest.approx(36.5e9, rel=0.01)
    assert spec.kv_bytes_per_token == 40 * 2 * 8 * 128 * 2


def test_chunks_are_forgotten_and_windows_slide():
    assert chunk_pairs(20, 0, 8) == (64 + 64 + 16) / 2
    assert chunk_pairs(4, 16, 8) == 8 and window_pairs(4, 16, 8) == 32
    assert chunk_pairs(30, 0, 8) == chunk_pairs(10, 0, 8) + chunk_pairs(20, 10, 8)


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"model_type": "deepseek_v32", "index_topk": 2048}, "'index_topk' .* the indexer's keys"),
        ({"model_type": "gemma3n_text", "num_kv_shared_layers": 15}, "'num_kv_shared_layers' .* one of their own"),
        ({"model_type": "jamba", "mamba_d_state": 16}, "'mamba_d_state' .* only those of Bamba and Granite 4"),
        ({"model_type": "mimo_v2_flash"}, "model type 'mimo_v2_flash': its sliding layers have twice"),
        ({"model_type": "kimi_linear", "linear_num_heads": 32}, "'linear_num_heads' .* Kimi Delta Attention"),
        ({"model_type": "bert", "hidden_act": "gelu"}, "model type 'bert', whose activation is 'gelu'"),
        ({"model_type": "brand_new", "hidden_act": "relu2"}, "model type 'brand_new', whose activation is 'relu2'"),
        ({"model_type": "brand_new", "layer_types": ["linear_attention"] * 4}, "linear attention of .* 'brand_new'"),
        ({"model_type": "brand_new", "num_layers": 4}, "does not know the field 'num_layers'"),
    ],
)  # fmt: skip
def test_a_refusal_names_the_field_and_what_it_would_take(fields, message):
    with pytest.raises(LcragError, match=message) as refused:
        ModelSpec.from_config(DENSE | fields)
    assert str(refused.value).endswith(".") and "\n" not in str(refused.value)


def test_the_tables_name_model_types_of_transformers():
    """A misspelt name would never apply."""
    pytest.importorskip("transformers")
    from transformers.models.auto.configuration_auto import CONFIG_MAPPING_NAMES

    names = {*KNOWN_FIELDS, *LEARNED_POSITIONS, *REFUSED_TYPES}
    assert names <= {*CONFIG_MAPPING_NAMES, "llama4_text"}
    assert all(REFUSED.values())
