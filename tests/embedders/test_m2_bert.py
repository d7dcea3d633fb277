"""M2-BERT's adapter with a checkpoint of its interface: code of its own, random weights, 8,192 positions."""

from __future__ import annotations

import json

import numpy as np
import pytest

pytest.importorskip("torch")
pytest.importorskip("transformers")
import torch

from embedders import M2BertEmbedder
from embedders.loading import bundled_minilm

WINDOW = 8192
CODE = '''
"""A Monarch Mixer in small: long convolutions over the sequence, gated, and a linear map over the dimension."""
import torch
from torch import nn
from transformers import PreTrainedModel, PretrainedConfig


class TinyM2Config(PretrainedConfig):
    model_type = "tiny_m2"

    def __init__(self, vocab_size=30522, hidden_size=24, max_position_embeddings=8192, **kwargs):
        self.vocab_size, self.hidden_size = vocab_size, hidden_size
        self.max_position_embeddings = max_position_embeddings
        super().__init__(**kwargs)


class TinyM2ForSequenceClassification(PreTrainedModel):
    config_class = TinyM2Config

    def __init__(self, config):
        super().__init__(config)
        size, places = config.hidden_size, config.max_position_embeddings
        self.words, self.places = nn.Embedding(config.vocab_size, size), nn.Embedding(places, size)
        self.kernel = nn.Parameter(torch.zeros(size, 2 * places))
        self.gate, self.mix = nn.Linear(size, size), nn.Linear(size, size)
        self.post_init()

    def _init_weights(self, module):
        for parameter in module.parameters(recurse=False):
            nn.init.normal_(parameter, std=0.3)

    def forward(self, input_ids, attention_mask, **_):
        n = input_ids.shape[1]
        states = self.words(input_ids) + self.places(torch.arange(n))
        signal = torch.fft.rfft((states * attention_mask[..., None]).transpose(1, 2), 2 * n)
        long = torch.fft.irfft(signal * torch.fft.rfft(self.kernel[:, : 2 * n]), 2 * n)[..., :n].transpose(1, 2)
        states = states + self.mix(torch.tanh(long) * self.gate(states))
        mask = attention_mask[..., None].float()
        return {"logits": None, "sentence_embedding": (states * mask).sum(1) / mask.sum(1)}
'''


@pytest.fixture(scope="module")
def checkpoint(tmp_path_factory):
    """A folder with the code, a configuration that points to it, and random weights."""
    from transformers import AutoConfig, AutoModelForSequenceClassification

    folder = tmp_path_factory.mktemp("tiny_m2")
    (folder / "modeling_tiny_m2.py").write_text(CODE)
    classes = {
        "AutoConfig": "modeling_tiny_m2.TinyM2Config",
        "AutoModelForSequenceClassification": "modeling_tiny_m2.TinyM2ForSequenceClassification",
    }
    described = {
        "model_type": "tiny_m2",
        "hidden_size": 24,
        "max_position_embeddings": WINDOW,
        "auto_map": classes,
    }
    (folder / "config.json").write_text(json.dumps(described))
    torch.manual_seed(0)
    config = AutoConfig.from_pretrained(folder, trust_remote_code=True)
    AutoModelForSequenceClassification.from_config(config, trust_remote_code=True).save_pretrained(folder)
    (folder / "config.json").write_text(json.dumps(described))
    return str(folder)


def embedder(folder, **settings):
    settings = {"window": WINDOW, "tokenizer": str(bundled_minilm()), "trust_remote_code": True} | settings
    return M2BertEmbedder(folder, **settings)


def text(words, last="kite"):
    return " ".join(["wind"] * (words - 1) + [last])


def test_it_gives_unit_vectors_one_for_each_text_whatever_else_is_embedded(checkpoint):
    model = embedder(checkpoint)
    embedded = model.embed(["A kite flew.", text(3000), "Bergen is wet."])
    assert embedded.vectors.shape == (3, 24) and embedded.vectors.dtype == np.float32
    assert np.linalg.norm(embedded.vectors, axis=1) == pytest.approx(1, abs=1e-6)
    assert np.array_equal(model.embed(["Bergen is wet."]).vectors[0], embedded.vectors[2])
    assert np.array_equal(model.embed_query("A kite flew."), embedded.vectors[0])
    assert embedded.tokens == 3 * WINDOW == model.count_tokens(["a", "b", "c"])
    assert embedded.lengths == (WINDOW,) * 3


def test_a_vector_is_what_the_checkpoint_gives_for_the_padded_text(checkpoint):
    from transformers import AutoModelForSequenceClassification, AutoTokenizer

    raw = AutoModelForSequenceClassification.from_pretrained(checkpoint, trust_remote_code=True).eval()
    ids = AutoTokenizer.from_pretrained(bundled_minilm())("A kite flew.")["input_ids"]
    padded = torch.tensor([ids + [0] * (WINDOW - len(ids))])
    with torch.no_grad():
        out = raw(input_ids=padded, attention_mask=(torch.arange(WINDOW) < len(ids)).long()[None])
    expected = torch.nn.functional.normalize(out["sentence_embedding"][0], dim=0).numpy()
    assert embedder(checkpoint).embed_query("A kite flew.") == pytest.approx(expected, abs=1e-6)


def test_the_whole_window_is_read_and_what_is_beyond_it_is_counted(checkpoint):
    model = embedder(checkpoint)
    room = WINDOW - 2  # beside [CLS] and [SEP]
    inside = model.embed([text(room), text(room, "town")])
    assert inside.truncated == 0
    assert np.abs(inside.vectors[0] - inside.vectors[1]).max() > 1e-6
    beyond = model.embed([text(room + 1), text(room + 1, "town"), "short"])
    assert beyond.truncated == 2
    assert np.array_equal(beyond.vectors[0], beyond.vectors[1])


def test_a_smaller_window_is_possible_and_a_larger_one_refused(checkpoint):
    assert embedder(checkpoint, window=64).embed(["A kite flew."]).tokens == 64
    with pytest.raises(ValueError, match=r"reads 8192 tokens, not 32768: set `window` to 8192 or less"):
        embedder(checkpoint, window=32_768).embed(["A kite flew."])


def test_what_it_cannot_embed_is_one_sentence(checkpoint, tmp_path):
    with pytest.raises(ValueError, match="Text 1 is empty"):
        embedder(checkpoint).embed(["a", " "])
    with pytest.raises(ValueError, match=r"tiny_m2.* set trust_remote_code: true if you trust it"):
        embedder(checkpoint, trust_remote_code=False)
    from transformers import BertConfig, BertForSequenceClassification

    small = BertConfig(hidden_size=8, num_hidden_layers=1, num_attention_heads=1, intermediate_size=8)
    BertForSequenceClassification(small).save_pretrained(tmp_path)
    with pytest.raises(ValueError, match=r"gives no 'sentence_embedding': it is no M2-BERT for retrieval"):
        embedder(str(tmp_path), window=64).embed(["a"])


def test_an_experiment_names_it_with_its_folder(checkpoint):
    from lcrag.components.build import build

    spec = {"type": "m2_bert", "model": checkpoint, "tokenizer": str(bundled_minilm()), "window": 128}
    model = build("embedder", spec | {"trust_remote_code": True}, "own.yaml: embedder")
    from retrievers import DenseRetriever, RecursiveChunker

    index = DenseRetriever(model, RecursiveChunker(60, 0)).build(
        {"a": "Kites need wind.", "b": "Bergen is wet."}
    )
    (passages,) = index.search(["Kites need wind."], 1)
    assert passages[0].document_id == "a"
