"""Each context extension against a computation of its own, made another way."""

from __future__ import annotations

import math

import numpy as np
import pytest

pytest.importorskip("torch")
pytest.importorskip("sentence_transformers")
import torch
from sentence_transformers import SentenceTransformer
from sentence_transformers.sentence_transformer.modules import Pooling, Transformer
from transformers import AutoTokenizer, Qwen3Config, Qwen3Model

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
        assert differs(ours, mean(direct.last_hidden_state)) < 1e-5, method


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
    assert differs(embed(extension="position_interpolation", window=LT), mean(states)) < 1e-5


@torch.no_grad()
def test_parallel_windows_are_the_mean_of_windows_the_last_one_ending_the_text(bert, differs):
    model, tokenizer = bert
    ids = tokenizer(LONG, add_special_tokens=False).input_ids
    windows = [ids[i : i + 254] for i in range(0, len(ids) - 254, 254)] + [ids[-254:]]
    vectors = []
    for window in windows:
        row = torch.tensor([[tokenizer.cls_token_id, *window, tokenizer.sep_token_id]])
        vectors.append(mean(model(row, token_type_ids=torch.zeros_like(row)).last_hidden_state))
    assert differs(embed(extension="parallel_windows", window=LT), unit(np.mean(vectors, 0))) < 1e-5


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


# ---- rotary models: a tiny Qwen3 with random weights, 32 tokens long ----


@pytest.fixture(scope="module")
def rotary(tmp_path_factory):
    """A folder with a rotary model for sentence-transformers, and a maker of the bare model."""
    folder = tmp_path_factory.mktemp("rotary")
    torch.manual_seed(0)
    config = Qwen3Config(
        vocab_size=30522, hidden_size=64, intermediate_size=96, num_hidden_layers=2, num_attention_heads=4,
        num_key_value_heads=2, head_dim=16, max_position_embeddings=32, initializer_range=0.2,
    )  # fmt: skip
    model = Qwen3Model(config).eval()
    model.save_pretrained(folder / "hf")
    AutoTokenizer.from_pretrained(bundled_minilm()).save_pretrained(folder / "hf")
    body = Transformer(str(folder / "hf"), max_seq_length=32)
    SentenceTransformer(modules=[body, Pooling(64, "mean")]).save(str(folder / "st"))

    def bare(**parameters):
        changed = Qwen3Config.from_pretrained(folder / "hf")
        changed.rope_parameters = {"rope_type": "default", "rope_theta": 10000.0} | parameters
        return Qwen3Model.from_pretrained(folder / "hf", config=changed).eval()

    return str(folder / "st"), bare


TEXT = " ".join(["a kite flew over the old town and the wind rose again"] * 5)[:250]


@pytest.mark.parametrize(
    ("method", "parameters"),
    [
        ("ntk", {"rope_theta": 10000.0 * 3}),
        ("position_interpolation", {"rope_type": "linear", "factor": 2.0}),
        ("yarn", {"rope_type": "yarn", "factor": 2.0, "original_max_position_embeddings": 32}),
    ],
)
@torch.no_grad()
def test_rotary_extensions_equal_a_model_that_is_configured_so(rotary, method, parameters, differs):
    folder, bare = rotary
    tokenizer = AutoTokenizer.from_pretrained(bundled_minilm())
    ids = tokenizer(TEXT, return_tensors="pt").input_ids[:, :64]
    assert ids.shape[1] > 32
    direct = mean(bare(**parameters)(ids).last_hidden_state)
    ours = embed(TEXT, model=folder, extension=method, window=64)
    assert differs(ours, direct) < 1e-5
    assert np.abs(ours - mean(bare()(ids).last_hidden_state)).max() > 1e-4
    short = "a kite flew"
    assert np.array_equal(embed(short, model=folder, extension=method, window=64), embed(short, model=folder))


@torch.no_grad()
def test_self_extend_equals_scores_pair_by_pair(rotary, differs):
    """Unrotate queries and keys, then turn each pair by its own relative distance."""
    from transformers import AttentionInterface, AttentionMaskInterface
    from transformers.masking_utils import sdpa_mask

    folder, bare = rotary
    model = bare()
    inverse = model.rotary_emb.inv_freq
    group, near = 3, 16  # s = 64 / 32 = 2: s + 1 and 32 / s

    def relative(m, n):
        if abs(m - n) < near:
            return m - n
        return int(math.copysign(abs(m // group - n // group) + near - near // group, m - n))

    def as_complex(states):
        half = states.shape[-1] // 2
        return torch.complex(states[..., :half].double(), states[..., half:].double())

    def direct(module, query, key, value, mask, scaling=None, **_):
        n = query.shape[2]
        turn = torch.exp(-1j * torch.arange(n)[:, None] * inverse.double())  # back to position 0
        q, k = as_complex(query) * turn, as_complex(key) * turn
        out = torch.zeros_like(query)
        for head in range(query.shape[1]):
            kv = head // (query.shape[1] // key.shape[1])
            for m in range(n):
                scores = torch.full((n,), -math.inf, dtype=torch.double)
                for j in range(m + 1):  # Qwen3 is causal
                    spin = torch.exp(1j * relative(m, j) * inverse.double())
                    scores[j] = (q[0, head, m] * spin * k[0, kv, j].conj()).real.sum() * scaling
                out[0, head, m] = torch.softmax(scores, 0).float() @ value[0, kv]
        return out.transpose(1, 2).contiguous(), None

    AttentionInterface.register("pairwise", direct)
    AttentionMaskInterface.register("pairwise", sdpa_mask)
    model.set_attn_implementation("pairwise")
    tokenizer = AutoTokenizer.from_pretrained(bundled_minilm())
    ids = tokenizer(TEXT, return_tensors="pt").input_ids[:, :64]
    expected = mean(model(ids).last_hidden_state)
    settings = {"model": folder, "extension": "self_extend", "window": 64}
    assert differs(embed(TEXT, **settings), expected) < 1e-4
    extended = SentenceTransformerEmbedder(dtype="float32", **settings)
    padded = extended.embed_documents([TEXT + " and on", TEXT])
    assert padded[1] == pytest.approx(expected, abs=1e-4)


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
    assert embed(SHORT, log_length=True) == pytest.approx(embed(SHORT), abs=1e-6)
    longer = {"extension": "position_interpolation", "window": LT}
    assert np.abs(embed(log_length=True, **longer) - embed(**longer)).max() > 1e-4


def test_an_extension_that_does_not_fit_says_which_do(rotary):
    with pytest.raises(ValueError, match=r"'ntk' does not fit .* grouped_positions"):
        embed(extension="ntk", window=LT)
    with pytest.raises(ValueError, match=r"'grouped_positions' does not fit .* self_extend"):
        embed(model=rotary[0], extension="grouped_positions", window=64)
    with pytest.raises(ValueError, match="reads 512 tokens, not 1024: give an `extension`"):
        embed(window=LT)
    with pytest.raises(ValueError, match="extension must be one of"):
        SentenceTransformerEmbedder(extension="stretch")
