"""The context extensions of the bundled MiniLM against computations of their own, made another way."""

from __future__ import annotations

import numpy as np
import pytest

pytest.importorskip("torch")
pytest.importorskip("sentence_transformers")
import torch
from sentence_transformers import SentenceTransformer

from embedders import SentenceTransformerEmbedder
from embedders.loading import bundled_minilm

LONG = " ".join(
    f"The {w} kite number {i} flew over the town of Bergen." for i, w in enumerate(["red", "old"] * 40)
)
SHORT = "Kites need wind."
LO, LT = 512, 1024


@pytest.fixture(scope="module")
def bert():
    """The bare MiniLM of transformers, and its tokenizer."""
    st = SentenceTransformer(str(bundled_minilm()), device="cpu")
    return st[0].auto_model.eval(), st.tokenizer


def unit(vector):
    return vector / np.linalg.norm(vector)


def embed(text=LONG, **settings):
    return SentenceTransformerEmbedder(dtype="float32", device="cpu", **settings).embed_documents([text])[0]


@pytest.fixture
def differs(record_property):
    """The largest difference of two vectors' components, which goes into docs/trust.md."""

    def differs(ours, theirs):
        worst = float(np.abs(ours - theirs).max())
        record_property("worst_difference", worst)
        return worst

    return differs


def mean(states):
    return unit(states[0].mean(0).numpy())


@torch.no_grad()
def test_grouped_and_recurrent_positions_are_other_rows_of_the_original_table(bert, differs):
    model, tokenizer = bert
    ids = tokenizer(LONG, return_tensors="pt").input_ids
    n = ids.shape[1]
    assert LO < n <= LT
    for method, rows in (
        ("grouped_positions", [i // 2 for i in range(n)]),
        ("recurrent_positions", [i % LO for i in range(n)]),
    ):
        direct = model(ids, token_type_ids=torch.zeros_like(ids), position_ids=torch.tensor([rows]))
        ours = embed(extension=method, window=LT)
        assert differs(ours, mean(direct.last_hidden_state)) < 1e-6, method


@torch.no_grad()
def test_interpolated_positions_lie_between_their_neighbours(bert, differs):
    model, tokenizer = bert
    ids = tokenizer(LONG, return_tensors="pt").input_ids
    table = model.embeddings.position_embeddings.weight.numpy()
    rows = np.stack(
        [np.interp(np.arange(ids.shape[1]) / 2, np.arange(LO), column) for column in table.T], axis=1
    )
    part = model.embeddings
    summed = (
        part.word_embeddings(ids) + part.token_type_embeddings.weight[0] + torch.tensor(rows)[None].float()
    )
    states = part.LayerNorm(summed)
    for layer in model.encoder.layer:
        out = layer(states)
        states = out[0] if isinstance(out, tuple) else out
    assert differs(embed(extension="position_interpolation", window=LT), mean(states)) < 1e-6


@torch.no_grad()
def test_parallel_windows_are_the_mean_of_windows_the_last_one_ending_the_text(bert, differs):
    model, tokenizer = bert
    ids = tokenizer(LONG, add_special_tokens=False).input_ids
    windows = [ids[i : i + 254] for i in range(0, len(ids) - 254, 254)] + [ids[-254:]]
    vectors = []
    for window in windows:
        row = torch.tensor([[tokenizer.cls_token_id, *window, tokenizer.sep_token_id]])
        vectors.append(mean(model(row, token_type_ids=torch.zeros_like(row)).last_hidden_state))
    assert differs(embed(extension="parallel_windows", window=LT), unit(np.mean(vectors, 0))) < 1e-6


@pytest.mark.parametrize(
    "method", ["grouped_positions", "recurrent_positions", "position_interpolation", "parallel_windows"]
)
def test_short_texts_come_out_as_without_the_extension_whoever_shares_the_batch(method):
    plain = SentenceTransformerEmbedder(dtype="float32")
    extended = SentenceTransformerEmbedder(dtype="float32", extension=method, window=2048)
    together = extended.embed_documents([LONG, SHORT, LONG + SHORT])
    assert np.array_equal(extended.embed_documents([SHORT])[0], plain.embed_documents([SHORT])[0])
    assert together[1] == pytest.approx(plain.embed_documents([SHORT])[0], abs=1e-6)
    assert together[0] == pytest.approx(extended.embed_documents([LONG])[0], abs=1e-6)


@torch.no_grad()
def test_temperature_and_log_length_scale_the_scores(bert):
    from embedders.extension.attention import Attention, install

    model = SentenceTransformer(str(bundled_minilm()), device="cpu")[0].auto_model.eval()
    ids = bert[1](SHORT, return_tensors="pt").input_ids
    plain = model(ids).last_hidden_state
    for module in model.modules():
        if hasattr(module, "scaling"):
            module.scaling /= 0.8
    direct = mean(model(ids).last_hidden_state)
    assert embed(SHORT, temperature=0.8) == pytest.approx(direct, abs=1e-5)
    assert np.abs(direct - mean(plain)).max() > 1e-3
    neutral = SentenceTransformer(str(bundled_minilm()), device="cpu")[0].auto_model.eval()
    install(neutral, Attention())
    assert torch.equal(neutral(ids).last_hidden_state, plain)
    # log-length leaves texts within the window alone and changes longer ones
    longer = {"extension": "position_interpolation", "window": LT}
    assert embed(SHORT, log_length=True, **longer) == pytest.approx(embed(SHORT), abs=1e-6)
    assert np.abs(embed(log_length=True, **longer) - embed(**longer)).max() > 1e-4


def test_an_extension_that_has_no_effect_says_what_to_do():
    with pytest.raises(ValueError, match=r"'ntk' does not fit .* grouped_positions"):
        embed(extension="ntk", window=LT)
    with pytest.raises(
        ValueError, match=r"'grouped_positions' needs a `window`: the tokens of the longest text"
    ):
        embed(extension="grouped_positions")
    with pytest.raises(ValueError, match=r"log_length .* set an `extension` that reads more"):
        embed(log_length=True)
    with pytest.raises(ValueError, match="reads 512 tokens, not 1024: give an `extension`"):
        embed(window=LT)
    with pytest.raises(ValueError, match="extension must be one of"):
        SentenceTransformerEmbedder(extension="stretch")
