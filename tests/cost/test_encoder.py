"""FLOPs of embedding models and cross-encoders: by hand and against torch's own count."""

from math import nan

import pytest

from lcrag.cost.encoder import encoder_spec, reading_flops

MINILM = {
    "model_type": "bert",
    "hidden_size": 384,
    "num_hidden_layers": 6,
    "num_attention_heads": 12,
    "intermediate_size": 1536,
    "vocab_size": 30522,
}


def test_minilm_by_hand():
    """6 layers of four 384 x 384 and two 384 x 1536 matrices; QK^T and PV of 256 x 256 pairs."""
    weights = 6 * (4 * 384 * 384 + 2 * 384 * 1536)
    assert encoder_spec(MINILM).parameters == weights == 10_616_832
    assert reading_flops(MINILM, 256, 1) == 2 * weights * 256 + 4 * 6 * 384 * 256 * 256


def test_torch_counts_the_same_products(record_property):
    torch = pytest.importorskip("torch")
    from torch.utils.flop_counter import FlopCounterMode
    from transformers import BertConfig, BertModel

    config = BertConfig(**MINILM, attn_implementation="eager")
    model = BertModel(config, add_pooling_layer=False).eval()
    with torch.inference_mode(), FlopCounterMode(display=False) as counter:
        model(torch.ones(3, 64, dtype=torch.long))
    booked = reading_flops(config.to_dict(), 3 * 64, 3, (64, 64, 64))
    record_property("worst_difference", abs(booked / counter.get_total_flops() - 1))
    assert counter.get_total_flops() == booked


def test_distilbert_has_its_own_names():
    config = {"model_type": "distilbert", "dim": 384, "n_layers": 6, "n_heads": 12, "hidden_dim": 1536}
    assert reading_flops(config, 256, 1) == reading_flops(MINILM, 256, 1)


def test_lengths_count_one_by_one_and_else_evenly():
    apart = reading_flops(MINILM, 300, 2, (100, 200))
    assert apart == reading_flops(MINILM, 100, 1) + reading_flops(MINILM, 200, 1)
    assert reading_flops(MINILM, 300, 2) == 2 * reading_flops(MINILM, 150, 1) < apart


def test_a_decoder_that_embeds_uses_no_head():
    from lcrag.cost.config import known_models
    from lcrag.cost.model import ModelSpec

    spec = ModelSpec.from_config("qwen3-0.6b")
    expected = spec.prefill_flops(100) - 2 * spec.head_parameters
    assert reading_flops(known_models()["qwen3-0.6b"], 100, 1) == expected


@pytest.mark.parametrize("config", [None, {"model_type": "modernbert"}, {"model_type": "bert"}])
def test_an_unknown_shape_has_no_flops(config):
    assert reading_flops(config, 100, 1) is None
    assert reading_flops(MINILM, nan, 1) is None
