"""Each context extension with each architecture, against a computation of its own, made another way."""

from __future__ import annotations

import math
import re
from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("torch")
pytest.importorskip("sentence_transformers")
import torch
from transformers import AttentionInterface, AttentionMaskInterface, AutoTokenizer
from transformers.masking_utils import sdpa_mask

from embedders import SentenceTransformerEmbedder
from embedders.loading import bundled_minilm
from tests.embedders.tiny import CONFIGS, LONGER, WINDOW, config, random_model, save

TEXT = " ".join(["a kite flew over the old town and the wind rose again"] * 5)[:230]
SHORT = "a kite flew over the old town and the wind rose again and again"
ABSOLUTE = ("grouped_positions", "recurrent_positions", "position_interpolation")
FREQUENCIES = ("position_interpolation", "ntk", "yarn")
TABLES = ("BERT", "RoBERTa", "MPNet")
ROTARY = ("ModernBERT", "NomicBERT", "Qwen3")
SOME_EXTENSION = dict.fromkeys(TABLES, "grouped_positions") | dict.fromkeys(ROTARY, "ntk")
OPTIONS = {"temperature": {"temperature": 0.8}, "log_length": {"log_length": True}}


@pytest.fixture(scope="module")
def folders(tmp_path_factory):
    return {name: save(name, tmp_path_factory.mktemp(name)) for name in CONFIGS}


@pytest.fixture
def differs(record_property):
    """The largest difference of two vectors' components, which goes into docs/trust.md."""

    def differs(ours, theirs):
        worst = float(np.abs(ours - theirs).max())
        record_property("worst_difference", worst)
        return worst

    return differs


def embed(folder, text=TEXT, **settings):
    return (
        SentenceTransformerEmbedder(folder, device="cpu", dtype="float64", **settings)
        .embed([text])
        .vectors[0]
    )


def ids_of(text):
    return AutoTokenizer.from_pretrained(bundled_minilm())(text, return_tensors="pt").input_ids


@torch.no_grad()
def direct(model, text=TEXT):
    """The unit mean of the states of the bare model, in double precision and without sentence-transformers."""
    mean = model.double()(input_ids=ids_of(text)).last_hidden_state[0].mean(0)
    return (mean / mean.norm()).numpy()


def reconfigured(name, **changes):
    """The same weights under another configuration."""
    model = CONFIGS[name][1](config(name, **changes))
    model.load_state_dict(random_model(name).state_dict())
    return model.eval()


def with_table(name, method):
    """The same weights with a longer table of positions, made by numpy."""
    model = random_model(name)
    table = model.embeddings.position_embeddings.weight.detach().numpy()
    head, table = table[: len(table) - WINDOW], table[len(table) - WINDOW :]
    places = {
        "grouped_positions": np.arange(LONGER) // 2,
        "recurrent_positions": np.arange(LONGER) % WINDOW,
        "position_interpolation": np.arange(LONGER) / 2,
    }[method]
    rows = np.stack([np.interp(places, np.arange(WINDOW), column) for column in table.T], 1)
    longer = CONFIGS[name][1](config(name, max_position_embeddings=len(head) + LONGER))
    weights = model.state_dict() | {
        "embeddings.position_embeddings.weight": torch.tensor(np.concatenate([head, rows])).float()
    }
    longer.load_state_dict(weights)
    return longer.eval()


def with_scaled_queries(model, factor, *, local, bias=False):
    """The same model with larger queries in their weights, which multiplies its attention scores."""
    with torch.no_grad():
        for name, module in model.named_modules():
            part = name.rpartition(".")[2]
            if part in {"query", "q", "q_proj"} and not any("q_norm" in n for n, _ in model.named_modules()):
                module.weight *= factor
                if module.bias is not None:
                    module.bias *= factor
            elif part == "q_norm":
                module.weight *= factor
            elif part == "attn" and hasattr(module, "Wqkv") and (local or not module.sliding_window):
                module.Wqkv.weight[: module.Wqkv.in_features] *= factor
            elif part == "relative_attention_bias" and bias:
                module.weight *= factor
    return model


def test_the_text_is_longer_than_the_models_and_not_than_the_extended_ones():
    assert WINDOW + 16 < ids_of(TEXT).shape[1] <= LONGER
    assert ids_of(SHORT).shape[1] < WINDOW


@pytest.mark.parametrize("method", ABSOLUTE)
@pytest.mark.parametrize("name", TABLES)
def test_extensions_of_a_table_are_a_model_with_that_table(folders, name, method, differs):
    ours = embed(folders[name], extension=method, window=LONGER)
    assert differs(ours, direct(with_table(name, method))) < 1e-7


@pytest.mark.parametrize("method", FREQUENCIES)
@pytest.mark.parametrize("name", ROTARY)
def test_extensions_of_frequencies_are_a_model_that_is_configured_so(folders, name, method, differs):
    present = config(name).rope_parameters
    theta = present.get("full_attention", present)["rope_theta"]
    rope = {
        "position_interpolation": {"rope_type": "linear", "factor": 2.0},
        "ntk": {"rope_type": "default"},
        "yarn": {"rope_type": "yarn", "factor": 2.0, "original_max_position_embeddings": WINDOW},
    }[method] | {"rope_theta": theta * 3 if method == "ntk" else theta}
    if name == "ModernBERT":
        rope = {"full_attention": rope, "sliding_attention": present["sliding_attention"]}
    ours = embed(folders[name], extension=method, window=LONGER)
    assert differs(ours, direct(reconfigured(name, rope_parameters=rope))) < 1e-7
    assert np.abs(ours - direct(random_model(name))).max() > 1e-3


@pytest.mark.parametrize("name", ROTARY)
def test_self_extend_is_the_score_of_each_pair_at_its_own_distance(folders, name, differs):
    """Unrotate queries and keys, then turn each pair by its own distance; local layers keep true distances."""
    model = random_model(name)
    turns = getattr(model.rotary_emb, "inv_freq", None)
    if turns is None:
        turns = model.rotary_emb.full_attention_inv_freq
    group, near = 3, 16  # s = 64 / 32 = 2: s + 1 and 32 / s

    def relative(m, n):
        if abs(m - n) < near:
            return m - n
        return int(math.copysign(abs(m // group - n // group) + near - near // group, m - n))

    def as_complex(states):
        half = states.shape[-1] // 2
        return torch.complex(states[..., :half].double(), states[..., half:].double())

    def pairwise(module, query, key, value, mask, scaling=None, **_):
        if getattr(module, "sliding_window", None):
            scores = (query.double() @ key.double().transpose(2, 3)) * scaling
            weights = torch.softmax(scores.masked_fill(~mask, -math.inf), -1)
            return (weights @ value.double()).transpose(1, 2).contiguous(), None
        n = query.shape[2]
        back = torch.exp(-1j * torch.arange(n)[:, None] * turns.double())  # to position 0
        q, k = as_complex(query) * back, as_complex(key) * back
        out = torch.zeros_like(query)
        for head in range(query.shape[1]):
            kv = head // (query.shape[1] // key.shape[1])
            for m in range(n):
                scores = torch.full((n,), -math.inf, dtype=torch.double)
                for j in range(m + 1 if module.is_causal else n):
                    spin = torch.exp(1j * relative(m, j) * turns.double())
                    scores[j] = (q[0, head, m] * spin * k[0, kv, j].conj()).real.sum() * scaling
                out[0, head, m] = torch.softmax(scores, 0) @ value[0, kv]
        return out.transpose(1, 2).contiguous(), None

    AttentionInterface.register("pairwise", pairwise)
    AttentionMaskInterface.register("pairwise", sdpa_mask)
    expected = direct(random_model(name))
    model.set_attn_implementation("pairwise")
    stretched = SentenceTransformerEmbedder(
        folders[name], device="cpu", dtype="float64", extension="self_extend", window=LONGER
    )
    ours = stretched.embed_documents([TEXT])[0]
    assert np.abs(ours - expected).max() > 1e-3
    assert differs(ours, direct(model)) < 1e-7
    assert stretched.embed_documents([TEXT + " and on", TEXT])[1] == pytest.approx(ours, abs=1e-6)


def extended_model(name):
    """The bare model with ``SOME_EXTENSION``."""
    if name in TABLES:
        return with_table(name, SOME_EXTENSION[name])
    rope = config(name).rope_parameters
    rope.get("full_attention", rope)["rope_theta"] *= 3
    return reconfigured(name, rope_parameters=rope)


def extended(folder, name, **settings):
    return SentenceTransformerEmbedder(
        folder, device="cpu", dtype="float64", extension=SOME_EXTENSION[name], window=LONGER, **settings
    )


@pytest.mark.parametrize("name", CONFIGS)
def test_a_temperature_divides_the_scores_of_every_layer(folders, name, differs):
    expected = direct(with_scaled_queries(extended_model(name), 1.25, local=True, bias=True))
    ours = extended(folders[name], name, temperature=0.8)
    assert differs(ours.embed_documents([TEXT])[0], expected) < 1e-7
    short = direct(with_scaled_queries(random_model(name), 1.25, local=True, bias=True), SHORT)
    assert ours.embed_documents([TEXT, SHORT, "a kite"])[1] == pytest.approx(short, abs=1e-6)


@pytest.mark.parametrize("name", CONFIGS)
def test_log_length_multiplies_the_queries_of_global_layers(folders, name, differs):
    """A local layer sees no more tokens in a long text than in a short one."""
    factor = math.log(ids_of(TEXT).shape[1]) / math.log(WINDOW)
    expected = direct(with_scaled_queries(extended_model(name), factor, local=False))
    ours = extended(folders[name], name, log_length=True)
    assert differs(ours.embed_documents([TEXT])[0], expected) < 1e-7
    assert ours.embed_documents([TEXT + " and on", TEXT])[1] == pytest.approx(expected, abs=1e-6)
    assert np.array_equal(ours.embed_documents([SHORT])[0], embed(folders[name], SHORT))


@pytest.mark.parametrize("method", [*FREQUENCIES, "self_extend"])
@pytest.mark.parametrize("name", ROTARY)
def test_padding_on_the_left_changes_no_vector(folders, name, method):
    settings = {"extension": method, "window": LONGER, "temperature": 0.8, "log_length": True}
    model = SentenceTransformerEmbedder(folders[name], device="cpu", dtype="float64", **settings)
    alone = model.embed_documents([TEXT])[0]
    model.encoder.tokenizer.padding_side = "left"
    assert model.embed_documents([TEXT + " and on", TEXT])[1] == pytest.approx(alone, abs=1e-6)


def test_an_architecture_whose_attention_cannot_be_replaced_is_refused_by_name(tmp_path):
    name = save("DeBERTa", tmp_path)
    for settings in (
        {"temperature": 0.8},
        {"log_length": True, "extension": "grouped_positions", "window": 64},
    ):
        with pytest.raises(ValueError, match="cannot reach the attention of DebertaV2Model: leave them out"):
            embed(name, SHORT, **settings)


def table():
    """The table of docs/retrieval.md: for each architecture and method whether they go together."""
    page = (Path(__file__).parents[2] / "docs/retrieval.md").read_text("utf-8")
    lines = page.partition("| method | BERT |")[2].partition("\n\n")[0].splitlines()
    names = ["BERT", *(cell.strip() for cell in lines[0].split("|") if cell.strip())]
    cells = {}
    for line in lines[2:]:
        methods, *marks = (cell.strip() for cell in line.strip("|").split("|"))
        for method in re.findall(r"`(\w+)`", methods):
            cells |= {(name, method): mark for name, mark in zip(names, marks, strict=True)}
    return cells


def test_the_documentation_names_every_architecture_and_method():
    from embedders.extension import METHODS

    assert set(table()) == {(n, m) for n in CONFIGS for m in (*METHODS, *OPTIONS)}
    assert set(table().values()) == {"yes", "no"}


@pytest.mark.parametrize(("name", "method"), list(table()))
def test_what_goes_together_changes_a_long_texts_vector_and_what_does_not_is_refused(folders, name, method):
    settings = OPTIONS.get(method) or {"extension": method}
    if method in {"truncate", "temperature"}:
        base = embed(folders[name])
    elif method == "log_length":
        settings |= {"extension": SOME_EXTENSION[name], "window": LONGER}
        base = embed(folders[name], extension=SOME_EXTENSION[name], window=LONGER)
    else:
        settings |= {"window": LONGER}
        base = embed(folders[name])
    if table()[name, method] == "no":
        for window in (WINDOW, LONGER):
            with pytest.raises(ValueError, match=rf"{method!r} .*{CONFIGS[name][1].__name__}.* take one of"):
                embed(folders[name], **settings | {"window": window})
    elif method == "truncate":
        assert embed(folders[name], TEXT + " the end", **settings) == pytest.approx(base, abs=1e-6)
    else:
        assert np.abs(embed(folders[name], **settings) - base).max() > 1e-3
