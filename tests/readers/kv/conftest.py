# ruff: noqa: E402
"""A tiny Llama with grouped queries, and what a method makes of it beside plain dense attention."""

import pytest

torch = pytest.importorskip("torch")
from types import SimpleNamespace

from lcrag.readers.generation import Generation
from lcrag.readers.prefill import Fill, Keep, Suffix, extend, fill, rotary_frequencies
from lcrag.readers.shared_prefix import SharedPrefixCache, step


class Characters:
    """A tokenizer of 128 characters."""

    eos_token_id = None

    def __call__(self, text, **_):
        return SimpleNamespace(input_ids=[ord(c) % 128 for c in text])

    def decode(self, ids, **_):
        return " ".join(map(str, ids))


@pytest.fixture(scope="session")
def model():
    """Two layers, four heads on two KV heads, in float32."""
    from transformers import LlamaConfig, LlamaForCausalLM

    torch.manual_seed(0)
    config = LlamaConfig(
        vocab_size=128, hidden_size=64, intermediate_size=96, num_hidden_layers=3, num_attention_heads=4,
        num_key_value_heads=2, head_dim=16, max_position_embeddings=2048, initializer_range=0.3,
    )  # fmt: skip
    model = LlamaForCausalLM(config).eval()
    model.generation = Generation(model, Characters(), 2, 1e9)
    return model


@pytest.fixture(scope="session")
def ids():
    """300 tokens: 280 of a document, 20 of a question."""
    return torch.randint(0, 128, (300,), generator=torch.Generator().manual_seed(1)).tolist()


@pytest.fixture(scope="session")
def layers(model, ids):
    """What each layer computed for the document."""
    with torch.inference_mode():
        cache = Fill(3, rotary_frequencies(model))
        fill(model, ids[:280], cache)
        return cache.stores


@pytest.fixture(scope="session")
def filled(layers):
    """The last layer of it."""
    return layers[-1]


@pytest.fixture(scope="session")
def dense(model, ids):
    """Logits of the last prompt token and of three more, by transformers' own forward pass."""
    with torch.inference_mode():
        return [model(torch.tensor([ids + [5, 6, 7][:n]])).logits[0, -1] for n in range(4)]


@pytest.fixture(scope="session")
def answer(model, ids):
    """The same logits where a method keeps the document's KV."""

    def go(method, learned=None):
        with torch.inference_mode():
            kept = Keep(3, rotary_frequencies(model), method, learned)
            fill(model, ids[:280], kept)
            suffix = Suffix(kept.stores)
            logits = [extend(model, ids[280:], suffix)]
            cache = SharedPrefixCache(kept.stores, [suffix.own], 64, 1)
            logits += [step(model, cache, torch.tensor([token]))[0] for token in (5, 6, 7)]
        return SimpleNamespace(logits=logits, stores=kept.stores, loaded=cache.loaded / 3)

    return go
