"""Frequencies against published values, and SelfExtend against a direct computation."""

import asyncio
import json
import shutil
from pydoc_data.topics import topics
from types import SimpleNamespace

import pytest
import torch
from transformers import AutoModelForCausalLM, AutoTokenizer, LlamaConfig
from transformers.models.llama.modeling_llama import LlamaRotaryEmbedding, apply_rotary_pos_emb

from lcrag.errors import LcragError
from lcrag.readers import smollm2
from lcrag.readers.base import Message, Request
from lcrag.readers.rope import RopeExtension
from lcrag.readers.self_extend import SETTINGS, attend, install
from lcrag.readers.transformers import TransformersReader

LONGROPE = RopeExtension("longrope", 4, short_factor=(1.0,) * 32, long_factor=(2.0,) * 32)


def config() -> LlamaConfig:
    return LlamaConfig(
        hidden_size=128,
        num_attention_heads=2,
        head_dim=64,
        max_position_embeddings=2048,
        rope_parameters={"rope_type": "default", "rope_theta": 10000.0},
    )


@pytest.mark.parametrize(
    ("extension", "at", "scale"),
    [
        (RopeExtension("linear", 4), (0.25, 0.025, 0.0025, 3.33e-5), 1),
        (RopeExtension("ntk", 4), (1, 0.0699, 0.00489, 3.33e-5), 1),
        (RopeExtension("abf", 4), (1, 0.0376, 0.00141, 3e-6), 1),
        (RopeExtension("yarn", 4), (1, 0.1, 0.005385, 3.33e-5), 1.13863),
        (LONGROPE, (1, 0.1, 0.01, 1.334e-4), 1.08711),
    ],
    ids=lambda x: getattr(x, "method", None),
)  # fmt: skip
def test_frequencies(extension, at, scale):
    changed = config()
    for key, value in extension.transformers_overrides(config()).items():
        setattr(changed, key, value)
    rotary = LlamaRotaryEmbedding(changed)
    found = rotary.inv_freq[[0, 8, 16, 31]].tolist()
    assert found == pytest.approx(at, rel=0.02)
    assert rotary.attention_scaling == pytest.approx(scale, rel=1e-4)
    assert changed.max_position_embeddings == 8192


def test_dynamic_reckons_from_the_window_as_it_was():
    extension = RopeExtension("dynamic", 4)
    changed = config()
    for key, value in extension.transformers_overrides(config()).items():
        setattr(changed, key, value)
    assert (changed.max_position_embeddings, extension.window(config())) == (2048, 8192)
    rotary = LlamaRotaryEmbedding(changed)
    rotary(torch.zeros(1, 1, 64), torch.arange(4096)[None])
    assert float(rotary.inv_freq[31]) == pytest.approx(2.667e-5, rel=0.01)


def test_self_extend_equals_a_direct_computation():
    near, group, length = 6, 3, 40
    torch.manual_seed(0)
    plain = LlamaRotaryEmbedding(config())
    query, key, value = (torch.randn(1, 2, length, 64) for _ in range(3))
    cos, sin = plain(query, torch.arange(length)[None])
    turned_query, turned_key = apply_rotary_pos_emb(query, key, cos, sin)
    module = SimpleNamespace(**{SETTINGS: (near, group, plain.inv_freq)})
    found, _ = attend(module, turned_query, turned_key, value, None, scaling=0.125)
    last, _ = attend(module, turned_query[:, :, -1:], turned_key, value, None, scaling=0.125)
    expected = torch.zeros(1, 2, length, 64)
    for i in range(length):
        scores = torch.full((2, length), float("-inf"))
        for j in range(i + 1):
            distance = i - j if i - j < near else i // group - j // group + near - near // group
            cos, sin = plain(query, torch.tensor([[distance]]))
            moved, _ = apply_rotary_pos_emb(query[:, :, i : i + 1], query[:, :, i : i + 1], cos, sin)
            scores[:, j] = (moved[0, :, 0] * key[0, :, j]).sum(-1) * 0.125
        expected[0, :, i] = torch.einsum("hj,hjd->hd", torch.softmax(scores, -1), value[0])
    assert torch.allclose(found.transpose(1, 2), expected, atol=1e-4)
    assert torch.allclose(last[0, 0], expected[0, :, -1], atol=1e-4)


@pytest.fixture(scope="module")
def told(tmp_path_factory):
    """SmolLM2, which has 8192 positions, told that it has 2048."""
    folder = tmp_path_factory.mktemp("told") / "model"
    shutil.copytree(smollm2.checkpoint(), folder)
    settings = folder / "config.json"
    settings.write_text(json.dumps({**json.loads(settings.read_text()), "max_position_embeddings": 2048}))
    return str(folder)


def loss(reader: TransformersReader) -> float:
    """Of the last 256 of 2600 tokens of real text."""
    state = reader._loaded
    text = topics["specialnames"] + topics["debugger"]
    ids = torch.tensor([state["tokenizer"](text).input_ids[:2600]])
    with torch.inference_mode():
        logits = state["model"](ids).logits[0, -257:-1].float()
    return float(torch.nn.functional.cross_entropy(logits, ids[0, -256:]))


@pytest.fixture(scope="module")
def grouping():
    """SmolLM2 in float32 that groups distances from 16 tokens on, and its tokenizer."""
    tokenizer = AutoTokenizer.from_pretrained(smollm2.checkpoint())
    model = AutoModelForCausalLM.from_pretrained(smollm2.checkpoint(), dtype=torch.float32).eval()
    install(model, near=16, group=3)
    return model, tokenizer


PROMPTS = [topics["specialnames"][:900], topics["debugger"][:300], "The capital of France is"]


@pytest.mark.slow
@pytest.mark.parametrize("side", ["left", "right"])
def test_self_extend_reads_a_padded_prompt_as_it_reads_it_alone(grouping, side):
    model, tokenizer = grouping
    batch = tokenizer(PROMPTS, return_tensors="pt", padding=True, padding_side=side)
    with torch.inference_mode():
        together = model(**batch).logits
        for row, prompt in enumerate(PROMPTS):
            alone = model(**tokenizer(prompt, return_tensors="pt")).logits[0]
            assert torch.allclose(together[row][batch.attention_mask[row] == 1], alone, atol=2e-3)


@pytest.mark.slow
def test_self_extend_writes_the_same_beside_longer_prompts(grouping):
    model, tokenizer = grouping

    def texts(prompts):
        batch = tokenizer(prompts, return_tensors="pt", padding=True, padding_side="left")
        written = model.generate(**batch, max_new_tokens=24, do_sample=False)
        return tokenizer.batch_decode(written[:, batch.input_ids.shape[1] :], skip_special_tokens=True)

    assert texts(PROMPTS) == [texts([prompt])[0] for prompt in PROMPTS]


@pytest.mark.slow
@pytest.mark.parametrize("method", ["linear", "ntk", "yarn", "dynamic", "self_extend"])
def test_a_stretched_reader_still_reads(method, told):
    whole = loss(TransformersReader())
    reader = TransformersReader(told, rope=RopeExtension(method, 2, near=1024))
    assert reader.context_window == 4096
    assert loss(reader) == pytest.approx(whole, abs=1.5)


@pytest.mark.slow
@pytest.mark.parametrize("method", ["yarn", "dynamic"])
def test_a_stretched_reader_takes_prompts_beyond_its_window(method, told):
    reader = TransformersReader(told, rope=RopeExtension(method, 2))
    asked = f"{topics['specialnames'][:10_000]}\n\nWhat is this about?"
    said = asyncio.run(reader.generate(Request((Message("user", asked),), max_tokens=8, prefix_chars=10_000)))
    assert 2100 < said.usage.prompt_tokens < 4000
    assert said.text
    assert bool(said.prefix_key) == (method == "yarn")


def test_what_cannot_be_stretched_is_refused():
    with pytest.raises(ValueError, match="factors above 1"):
        RopeExtension("yarn", 1)
    with pytest.raises(ValueError, match="longrope needs short_factor"):
        RopeExtension("longrope")
    with pytest.raises(LcragError, match="stretched already"):
        changed = config()
        changed.rope_parameters = {"rope_type": "yarn", "rope_theta": 1.0}
        RopeExtension("ntk").parameters(changed)
    with pytest.raises(LcragError, match="no rotary positions"):
        RopeExtension("ntk").parameters(SimpleNamespace(rope_parameters=None, model_type="gpt2"))
    with pytest.raises(LcragError, match="vLLM has no self_extend"):
        RopeExtension("self_extend").vllm_overrides(config())
    with pytest.raises(LcragError, match="must be below the model's 2048"):
        RopeExtension("self_extend", near=4000).group(config())
