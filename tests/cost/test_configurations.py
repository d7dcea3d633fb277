"""Configurations as they are published, which leave out what is the default of their class."""

import json
import sys

import pytest

from lcrag.cost.architectures import ALL_SLIDE, PATTERNS, TIED
from lcrag.cost.model import ModelSpec
from lcrag.errors import LcragError

GIB = 2**30
# text_config of google/gemma-3-4b-it, whole: heads, vocabulary, pattern and tied embeddings are left out
GEMMA_3_4B = {"hidden_size": 2560, "intermediate_size": 10240, "model_type": "gemma3_text", "num_hidden_layers": 34,
              "sliding_window": 1024}  # fmt: skip
GEMMA_3_27B = {"model_type": "gemma3_text", "hidden_size": 5376, "num_hidden_layers": 62, "num_attention_heads": 32,
               "num_key_value_heads": 16, "head_dim": 128, "intermediate_size": 21504, "sliding_window": 1024,
               "vocab_size": 262208}  # fmt: skip
GEMMA_7B = {"model_type": "gemma", "hidden_size": 3072, "num_hidden_layers": 28, "num_attention_heads": 16,
            "num_key_value_heads": 16, "head_dim": 256, "intermediate_size": 24576, "vocab_size": 256000}  # fmt: skip
MINIMAX = {"model_type": "minimax_text_01", "hidden_size": 6144, "num_hidden_layers": 80, "num_attention_heads": 64,
           "num_key_value_heads": 8, "head_dim": 128, "intermediate_size": 9216, "num_local_experts": 32,
           "num_experts_per_tok": 2, "vocab_size": 200064, "attn_type_list": [0, 0, 0, 0, 0, 0, 0, 1] * 10,
           "layernorm_full_attention_alpha": 3.5565588200778455, "dtype": "bfloat16"}  # fmt: skip


@pytest.fixture(params=["with transformers", "without transformers"])
def transformers(request, monkeypatch):
    if request.param == "without transformers":
        monkeypatch.setitem(sys.modules, "transformers", None)
    else:
        pytest.importorskip("transformers")


def test_gemma_3_slides_in_five_of_six_layers(transformers):
    """By hand: 10 whole and 52 sliding layers of 2 * 16 * 128 * 2 bytes per token."""
    spec = ModelSpec.from_config(GEMMA_3_27B)
    assert (spec.full_layers, spec.window_layers) == (10, 52)
    assert spec.kv_bytes(100_000) == (10 * 100_000 + 52 * 1024) * 2 * 16 * 128 * 2


def test_a_published_gemma_3_configuration_with_its_defaults(tmp_path):
    """2.02 GiB at 100,000 tokens, by hand: 5 whole and 29 sliding layers of 2 * 4 * 256 * 2 bytes per token."""
    pytest.importorskip("transformers")
    (tmp_path / "config.json").write_text(json.dumps({"model_type": "gemma3", "text_config": GEMMA_3_4B}))
    spec = ModelSpec.from_config(tmp_path)
    assert spec.kv_bytes(100_000) == (5 * 100_000 + 29 * 1024) * 4096
    assert spec.kv_bytes(100_000) / GIB == pytest.approx(2.02, abs=0.01)
    assert spec.total_parameters == pytest.approx(3.88e9, rel=0.003)  # the technical report's, without vision


def test_minimax_keeps_a_cache_in_one_of_eight_layers(transformers):
    """456B parameters, 45.9B active (arXiv 2501.08313, section 2); a cache in 10 of 80 layers."""
    spec = ModelSpec.from_config(MINIMAX)
    assert (spec.full_layers, spec.linear_layers) == (10, 70)
    assert spec.kv_bytes(1000) - spec.kv_bytes(0) == 1000 * 10 * 2 * 8 * 128 * 2
    assert spec.total_parameters == pytest.approx(456e9, rel=0.01)


def test_tied_embeddings_that_a_configuration_leaves_out(transformers):
    """8.54B parameters (Gemma's technical report, arXiv 2403.08295, table 2: 7,751M + 786M of embeddings)."""
    assert ModelSpec.from_config(GEMMA_7B).total_parameters == pytest.approx(8_538e6, rel=0.001)
    untied = ModelSpec.from_config(GEMMA_7B | {"tie_word_embeddings": False})
    assert untied.total_parameters == pytest.approx(8_538e6 + 786e6, rel=0.001)


def test_grouped_heads_that_a_configuration_leaves_out():
    pytest.importorskip("transformers")
    mistral = {"model_type": "mistral", "hidden_size": 4096, "num_hidden_layers": 32, "num_attention_heads": 32,
               "intermediate_size": 14336, "vocab_size": 32000, "sliding_window": None}  # fmt: skip
    assert ModelSpec.from_config(mistral).kv_bytes_per_token == 131_072
    assert ModelSpec.from_config(mistral).window_layers == 0


SMALL = {"hidden_size": 64, "num_hidden_layers": 4, "num_attention_heads": 4, "intermediate_size": 96,
         "vocab_size": 128}  # fmt: skip


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"attention_chunk_size": 8192}, "does not cover 'attention_chunk_size'"),
        ({"global_attn_every_n_layers": 4}, "does not know the field 'global_attn_every_n_layers'"),
        ({"index_topk": 2048}, "does not cover 'index_topk'"),
        (
            {"sliding_window": 8, "model_type": "brand_new"},
            "not known for the model type 'brand_new': give layer_types",
        ),
        ({"attn_type_list": [0, 1, 2, 1]}, "layers of kind 2"),
        ({"attn_type_list": [0, 1]}, "4 layers with 2 attn_type_list"),
    ],
)
def test_what_would_be_a_guess_is_refused(transformers, change, message):
    with pytest.raises(LcragError, match=message):
        ModelSpec.from_config(SMALL | change)


def test_fields_without_an_effect_are_not_refused(transformers):
    harmless = {
        "attention_dropout": 0.1,
        "layer_norm_eps": 1e-5,
        "attention_bias": True,
        "attention_chunk_size": None,
    }
    assert ModelSpec.from_config(SMALL | harmless) == ModelSpec.from_config(SMALL)


def test_own_defaults_are_those_of_transformers():
    auto = pytest.importorskip("transformers").AutoConfig
    for kind in TIED:
        assert auto.for_model(kind).tie_word_embeddings, kind
    for kind, every in PATTERNS.items():
        types = auto.for_model(kind, num_hidden_layers=24).layer_types
        assert [t == "full_attention" for t in types] == [(i + 1) % every == 0 for i in range(24)], kind
    for kind in ALL_SLIDE:
        assert getattr(auto.for_model(kind), "layer_types", None) is None, kind
