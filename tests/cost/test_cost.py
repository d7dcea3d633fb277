import pytest

from lcrag.cost.model import ModelSpec
from lcrag.cost.price import PriceCard, dollars
from lcrag.errors import LcragError


def config(hidden, layers, heads, kv, feed, vocab=32000, **more):
    return {
        "hidden_size": hidden,
        "num_hidden_layers": layers,
        "num_attention_heads": heads,
        "num_key_value_heads": kv,
        "intermediate_size": feed,
        "vocab_size": vocab,
        "dtype": "bfloat16",
        **more,
    }


LLAMA_3_8B = config(4096, 32, 32, 8, 14336, 128256)


@pytest.mark.parametrize(
    ("shape", "bytes_per_token"),
    [
        (config(4096, 32, 32, 32, 11008), 524_288),  # Llama-2-7B
        (LLAMA_3_8B, 131_072),
        (config(8192, 80, 64, 8, 28672, 128256), 327_680),  # Llama-3-70B
        (config(3584, 28, 28, 4, 18944, 152064), 57_344),  # Qwen2.5-7B
        (config(7168, 60, 56, 8, 20480, 64000), 245_760),  # Yi-34B
        (config(576, 30, 9, 3, 1536, 49152), 23_040),  # SmolLM2-135M
    ],
)
def test_kv_bytes_per_token(shape, bytes_per_token):
    assert ModelSpec.from_config(shape).kv_bytes_per_token == bytes_per_token


def test_parameters_are_those_that_a_token_passes_through():
    assert ModelSpec.from_config(LLAMA_3_8B).parameters == pytest.approx(8.03e9 - 128256 * 4096, rel=0.001)


def test_flops_of_a_cached_prefix_are_those_of_the_tail():
    spec = ModelSpec.from_config(LLAMA_3_8B)
    whole = spec.prefill_flops(5000)
    parts = spec.prefill_flops(4000) + spec.prefill_flops(1000, past=4000)
    assert parts == pytest.approx(whole)
    assert spec.flops(5000, 4000, 0) == spec.prefill_flops(1000, 4000)
    assert spec.flops(10, 0, 5) == spec.prefill_flops(10) + spec.prefill_flops(5, 10)
    by_hand = 2 * spec.parameters * 5000 + 4 * 32 * 4096 * 5000**2 / 2
    assert whole == pytest.approx(by_hand)


def test_the_real_model(monkeypatch):
    pytest.importorskip("transformers")
    from transformers import AutoModelForCausalLM, LlamaConfig

    shape = LlamaConfig(
        hidden_size=64, num_hidden_layers=2, num_attention_heads=4, num_key_value_heads=2, intermediate_size=96,
        vocab_size=128, tie_word_embeddings=True,
    )  # fmt: skip
    model = AutoModelForCausalLM.from_config(shape)
    norms = sum(p.numel() for n, p in model.named_parameters() if "norm" in n)
    assert ModelSpec.from_config(shape).parameters == sum(p.numel() for p in model.parameters()) - norms


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"num_experts": 8}, "num_experts"),
        ({"kv_lora_rank": 512}, "kv_lora_rank"),
        ({"layer_types": ["sliding_attention", "full_attention"]}, "sliding"),
        ({"hidden_size": None}, "no 'hidden_size'"),
    ],
)
def test_what_would_come_out_wrong_is_refused(change, message):
    with pytest.raises(LcragError, match=message):
        ModelSpec.from_config(LLAMA_3_8B | change)


def test_dollars():
    assert dollars("gpt-4.1", 100_000, 90_000, 500) == pytest.approx(0.069)
    assert dollars("SmolLM2-135M-Instruct", 100, 0, 10) is None
    card = PriceCard(input_mtok=0.10, cached_mtok=0.01, output_mtok=0.4)
    assert dollars("any", 100_000, 90_000, 500, card) == pytest.approx(0.0021)
    assert PriceCard(1, 2).dollars(1e6, 5e5, 0) == 1
    with pytest.raises(ValueError, match="input_mtok must be dollars per million tokens, not -1"):
        PriceCard(-1, 2)
