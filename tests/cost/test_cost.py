import json

import pytest

from lcrag.cost.config import known_models
from lcrag.cost.model import ModelSpec
from lcrag.cost.paper_flops import crossover_tokens, kaplan_flops, palm_flops
from lcrag.errors import LcragError

LLAMA_3_8B = dict(known_models()["llama-3-8b"])
LARA = ["llama-3.1-8b", "llama-3.2-3b", "llama-3.3-70b", "qwen2.5-7b", "qwen2.5-72b", "mistral-nemo-12b"]


@pytest.mark.parametrize(
    ("model", "bytes_per_token"),
    [
        ("llama-2-7b", 524_288),  # MHA
        ("llama-3-8b", 131_072),  # GQA
        ("llama-3-70b", 327_680),
        ("qwen2.5-7b", 57_344),
        ("yi-34b", 245_760),
        ("deepseek-v3", 70_272),  # MLA: 61 * (512 + 64) * 2
        ("falcon-7b", 8_192),  # MQA: 2 * 32 * 64 * 2
        ("smollm2-135m", 23_040),
        ("qwen3-0.6b", 114_688),
    ],
)
def test_kv_bytes_per_token(model, bytes_per_token):
    assert ModelSpec.from_config(model).kv_bytes_per_token == bytes_per_token


@pytest.mark.parametrize(
    ("model", "total"),
    [  # billions, as the model cards give them
        ("llama-3.1-8b", 8.03),
        ("llama-3.2-3b", 3.21),
        ("llama-3.3-70b", 70.55),
        ("qwen2.5-7b", 7.62),
        ("qwen2.5-72b", 72.7),
        ("mistral-nemo-12b", 12.25),
        ("mixtral-8x7b", 46.7),
        ("qwen3-30b-a3b", 30.5),
        ("deepseek-v3", 671),
        ("gpt-oss-20b", 20.9),
        ("gemma-2-9b", 9.24),
        ("yi-34b", 34.4),
        ("smollm2-135m", 0.1345),
    ],
)
def test_total_parameters_are_those_of_the_model_card(model, total):
    assert ModelSpec.from_config(model).total_parameters == pytest.approx(total * 1e9, rel=0.003)


@pytest.mark.parametrize(
    ("model", "active"), [("mixtral-8x7b", 12.9), ("deepseek-v3", 37.55), ("qwen3-30b-a3b", 3.35)]
)
def test_active_parameters_and_the_input_embedding_are_those_of_the_model_card(model, active):
    spec = ModelSpec.from_config(model)
    assert spec.active_parameters + spec.head_parameters == pytest.approx(active * 1e9, rel=0.01)
    assert spec.weights_read(1) < spec.weights_read(8) < spec.weights_read(10_000)
    everything = (spec.total_parameters - spec.head_parameters) * spec.weight_bytes
    assert spec.weights_read(10_000) == pytest.approx(everything, rel=0.001)


@pytest.mark.parametrize("model", LARA)
def test_names_of_the_hub_find_the_card(model):
    assert ModelSpec.from_config(f"any/{model.title()}-Instruct") == ModelSpec.from_config(model)


def test_a_config_is_a_mapping_a_file_or_a_folder(tmp_path):
    (tmp_path / "config.json").write_text(json.dumps({"text_config": LLAMA_3_8B, "dtype": "bfloat16"}))
    spec = ModelSpec.from_config(LLAMA_3_8B)
    assert ModelSpec.from_config(tmp_path) == ModelSpec.from_config(str(tmp_path / "config.json")) == spec


SMALL = {"hidden_size": 64, "num_hidden_layers": 4, "num_attention_heads": 4, "num_key_value_heads": 2,
         "vocab_size": 128, "intermediate_size": 96, "head_dim": 16, "tie_word_embeddings": False}  # fmt: skip
EXPERTS = {"num_experts": 8, "num_experts_per_tok": 2, "moe_intermediate_size": 32}
ARCHITECTURES = {
    "llama": {"tie_word_embeddings": True},
    "qwen3": {},
    "mistral": {"sliding_window": 8},
    "gemma2": {"sliding_window": 8},
    "mixtral": {"num_local_experts": 8, "num_experts_per_tok": 2},
    "qwen3_moe": EXPERTS | {"decoder_sparse_step": 2},
    "deepseek_v3": {"n_routed_experts": 8, "num_experts_per_tok": 2, "moe_intermediate_size": 32, "n_shared_experts": 1,
                        "first_k_dense_replace": 1, "q_lora_rank": 24, "kv_lora_rank": 16, "qk_rope_head_dim": 8,
                        "qk_nope_head_dim": 16, "v_head_dim": 16, "n_group": 1, "topk_group": 1},
    "qwen3_next": EXPERTS | {"shared_expert_intermediate_size": 32, "linear_num_key_heads": 2,
                             "linear_num_value_heads": 4,
                                 "linear_key_head_dim": 16, "linear_value_head_dim": 16, "linear_conv_kernel_dim": 4},
    "falcon": {"multi_query": True, "new_decoder_architecture": False},
    "gpt2": {"n_embd": 64, "n_layer": 4, "n_head": 4, "n_positions": 16, "tie_word_embeddings": True},
}  # fmt: skip


@pytest.mark.parametrize("kind", ARCHITECTURES)
def test_weights_and_cache_of_real_models(kind, record_property):
    """Against what transformers builds: every matrix, and the bytes of a cache after 20 tokens."""
    torch = pytest.importorskip("torch")
    from transformers import AutoConfig, AutoModelForCausalLM

    shape = SMALL | ARCHITECTURES[kind]
    if kind in ("falcon", "gpt2"):
        for own in ("intermediate_size", "num_key_value_heads", "head_dim"):
            del shape[own]  # these have other names for them
    config = AutoConfig.for_model(kind, **shape)
    model = AutoModelForCausalLM.from_config(config).eval()
    spec = ModelSpec.from_config(config)
    matrices = {n: p.numel() for n, p in model.named_parameters() if p.dim() > 1}
    assert spec.total_parameters == sum(matrices.values())
    if kind in ("llama", "qwen3", "falcon"):
        with torch.inference_mode():
            cache = model(torch.arange(16)[None], use_cache=True).past_key_values
        real = sum(layer.keys.nbytes + layer.values.nbytes for layer in cache.layers)
        record_property("bytes", real)
        record_property("caches", 1)
        assert real == 2 * spec.kv_bytes(16)


@pytest.mark.parametrize("kind", ["llama", "qwen3"])
def test_flops_of_a_real_forward_pass(kind, record_property):
    """Against torch's own count of the products; eager attention makes the masked half too."""
    torch = pytest.importorskip("torch")
    from torch.utils.flop_counter import FlopCounterMode
    from transformers import AutoConfig, AutoModelForCausalLM

    config = AutoConfig.for_model(kind, **SMALL | ARCHITECTURES[kind])
    model = AutoModelForCausalLM.from_config(config, attn_implementation="eager").eval()
    spec = ModelSpec.from_config(config)
    new = 64
    with torch.inference_mode(), FlopCounterMode(display=False) as counter:
        model(torch.zeros(1, new, dtype=torch.long), logits_to_keep=1, use_cache=False)
    masked = 4 * spec.layers * spec.query_heads * spec.head_dim * new * new / 2
    rotary = counter.get_total_flops() - spec.prefill_flops(new) - masked
    record_property("worst_difference", rotary / counter.get_total_flops())
    assert 0 <= rotary < 0.01 * counter.get_total_flops()


def test_flops_of_a_cached_prefix_are_those_of_the_tail():
    spec = ModelSpec.from_config(LLAMA_3_8B)
    whole = spec.prefill_flops(5000)
    parts = spec.prefill_flops(4000) + spec.prefill_flops(1000, past=4000)
    assert parts - whole == pytest.approx(
        2 * spec.head_parameters
    )  # the head, for the last token of each part
    assert spec.flops(5000, 4000, 0) == spec.prefill_flops(1000, 4000)
    assert spec.flops(10, 0, 5) == spec.prefill_flops(10) + spec.decode_flops(5, 10)
    body = spec.active_parameters - spec.head_parameters
    by_hand = 2 * body * 5000 + 2 * spec.head_parameters + 4 * 32 * 4096 * 5000**2 / 2
    assert whole == pytest.approx(by_hand)
    assert spec.prefill_flops(0) == 0


def test_sliding_and_linear_layers_stop_growing():
    sliding = ModelSpec.from_config("gemma-3-27b")
    assert (sliding.full_layers, sliding.window_layers, sliding.window) == (10, 52, 1024)
    each = 2 * 16 * 128 * 2
    assert sliding.kv_bytes(512) == 512 * 62 * each
    assert sliding.kv_bytes(100_000) == (10 * 100_000 + 52 * 1024) * each
    assert sliding.decode_flops(1, 2e5) - sliding.decode_flops(1, 1e5) == pytest.approx(
        4 * 10 * 32 * 128 * 1e5
    )
    parts = sliding.prefill_flops(700) + sliding.prefill_flops(2000, 700) - 2 * sliding.head_parameters
    assert parts == pytest.approx(sliding.prefill_flops(2700))
    linear = ModelSpec.from_config("qwen3-next-80b-a3b")
    assert (linear.full_layers, linear.linear_layers) == (12, 36)
    grown = linear.kv_bytes(1000) - linear.kv_bytes(0)
    assert grown == 1000 * 12 * 2 * 2 * 256 * 2 and linear.kv_bytes(0) > 36 * 4 * 32 * 128 * 128


def test_published_ways_of_counting():
    """Yi-34B, 50K tokens, on 312e12 FLOP/s: Kaplan 17.8 s, PaLM 24.7 s, weights alone 10.9 s."""
    yi = ModelSpec.from_config("yi-34b")
    assert kaplan_flops(yi, 50_000) == pytest.approx(yi.prefill_flops(50_000), rel=0.001)
    assert kaplan_flops(yi, 50_000) / 312e12 == pytest.approx(17.8, rel=0.02)
    assert palm_flops(yi, 50_000) / 312e12 == pytest.approx(24.7, rel=0.01)
    assert crossover_tokens(yi) == pytest.approx(79_000, rel=0.02)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"mamba_d_state": 16}, "mamba_d_state"),
        ({"is_encoder_decoder": True}, "is_encoder_decoder"),
        ({"layer_types": ["chunked_attention"] * 32}, "has no 'attention_chunk_size'"),
        ({"layer_types": ["full_attention"]}, "32 layers with 1 layer_types"),
        ({"hidden_size": None}, "has no 'hidden_size'"),
        ({"num_hidden_layers": -1}, "-1 as 'num_hidden_layers'"),
        ({"vocab_size": None}, "has no 'vocab_size'"),
    ],
)
def test_what_would_come_out_wrong_is_refused(change, message):
    with pytest.raises(LcragError, match=message):
        ModelSpec.from_config(LLAMA_3_8B | change)


def test_unknown_and_broken_sources_are_refused(tmp_path):
    with pytest.raises(LcragError, match=r"did you mean 'llama-3\.1-8b'"):
        ModelSpec.from_config("llama-3.1-8")
    (tmp_path / "config.json").write_text("[1")
    with pytest.raises(LcragError, match=r"config\.json is not a model's configuration in JSON"):
        ModelSpec.from_config(tmp_path)
    with pytest.raises(LcragError, match=r"There is no file .*/missing\.json"):
        ModelSpec.from_config(str(tmp_path / "missing.json"))
    with pytest.raises(LcragError, match="not int"):
        ModelSpec.from_config(3)


def test_negative_tokens_are_refused():
    spec = ModelSpec.from_config(LLAMA_3_8B)
    for call in (lambda: spec.flops(-1, 0, 0), lambda: spec.prefill_flops(-1), lambda: spec.kv_bytes(-1),
                 lambda: spec.decode_bytes(-1, 0), lambda: spec.decode_flops(1, -5)):  # fmt: skip
        with pytest.raises(LcragError, match="must not be negative"):
            call()
    with pytest.raises(LcragError, match="Of 5 prompt tokens 6 cannot be cached"):
        spec.flops(5, 6, 0)
