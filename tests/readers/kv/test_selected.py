# ruff: noqa: E402
"""Methods that choose for each pass what it reads, against the same computed by hand."""

import math

import pytest

torch = pytest.importorskip("torch")
from lcrag.readers.kv import A2ATS, DoubleSparsity, KeepAll, MoA, ShadowKV, SqueezedAttention
from lcrag.readers.kv.a2ats import codebook
from lcrag.readers.kv.double_sparsity import heavy_channels
from lcrag.readers.kv.moa import lost_attention, plan
from tests.readers.kv.tiny import far, loaded, stored


def unrotated(model, states, start=0):
    """States as they were before their positions turned them, by complex numbers."""
    angles = torch.arange(start, start + states.shape[-2], dtype=torch.float64)[:, None]
    angles = angles * model.get_decoder().rotary_emb.inv_freq.double()
    states = states.double()
    plain = torch.complex(states[..., :8], states[..., 8:]) * torch.polar(torch.ones_like(angles), -angles)
    return torch.cat([plain.real, plain.imag], -1)


def tokens_of(keys, all_keys):
    """Which tokens the keys of one head belong to."""
    return torch.cdist(keys.double(), all_keys.double()).argmin(1).tolist()


@pytest.mark.parametrize(
    "method",
    [DoubleSparsity(budget=1), SqueezedAttention(budget=1), A2ATS(budget=1), MoA(budget=1)],
    ids=repr,
)
def test_a_whole_budget_changes_no_bit(answer, method):
    assert far(answer(method).logits, answer(KeepAll()).logits) == 0


def test_shadow_kv_with_all_ranks_and_chunks_is_dense_but_for_rounding(answer, dense):
    assert far(answer(ShadowKV(budget=1, rank=32)).logits, dense) < 1e-3


@pytest.mark.parametrize(
    ("method", "least", "greatest"),
    [
        (DoubleSparsity(budget=0.125, dense_layers=0, group=4), 0.125 + 1 / 8, 0.25),
        (SqueezedAttention(budget=0.25, window=40), 0.15, 0.6),
        (A2ATS(budget=0.06, codes=32, window=16), 0.08, 0.3),
        (ShadowKV(budget=0.125, rank=8, local=1), 0.125, 0.6),
    ],
    ids=repr,
)
def test_what_is_read_follows_the_budget(answer, method, least, greatest):
    assert least <= loaded(answer(method)) <= greatest


def test_moa_stores_its_budget(answer, layers):
    method = MoA(budget=0.25, sinks=8)
    learned = method.learn(layers)
    assert stored(answer(method, learned)) == pytest.approx(0.25, abs=0.01)


def test_double_sparsity_reads_the_best_tokens_by_heavy_channels(filled):
    q, k = filled.queries.double(), filled.keys.double()
    products = [
        [float((q[h, :, :, c].abs().flatten()[:, None] * k[h, :, c].abs()).mean()) for c in range(16)]
        for h in range(2)
    ]
    heavy = [sorted(sorted(range(16), key=lambda c: -products[h][c])[:4]) for h in range(2)]
    assert heavy_channels(filled, 4).tolist() == heavy
    store = DoubleSparsity(budget=0.1, group=4).keep(filled)
    query = filled.queries[:, :, -1:]
    read = store.read(query, 300)
    for h in range(2):
        score = [max(float(q[h, g, -1, heavy[h]] @ k[h, t, heavy[h]]) for g in range(2)) for t in range(280)]
        assert tokens_of(read.keys[h], filled.keys[h]) == sorted(
            sorted(range(280), key=lambda t: -score[t])[:28]
        )
    assert read.loaded == 2 * 28 * 2 * 16 * 4 + 2 * 280 * 4 * 4


def test_squeezed_attention_reads_clusters_above_the_threshold(filled):
    method = SqueezedAttention(budget=0.3, window=40, fine=0.1, coarse_budget=1)
    store = method.keep(filled)
    query = filled.queries[:, :, -1:]
    read = store.read(query, 300)
    for h in range(2):
        labels = store.labels[h].tolist()
        members = {c: [t for t in range(240) if labels[t] == c] for c in set(labels)}
        means = {c: filled.keys[h, ts].double().mean(0) for c, ts in members.items()}
        share = dict.fromkeys(members, 0.0)
        for g in range(2):
            exp = {c: math.exp(float(query[h, g, 0].double() @ m) / 4) for c, m in means.items()}
            total = sum(len(members[c]) * e for c, e in exp.items())
            for c, e in exp.items():
                share[c] += e / total / 2
        kept = sorted(t for c, ts in members.items() if share[c] > store.threshold for t in ts) + list(
            range(240, 280)
        )
        hidden = read.hidden[h] if read.hidden is not None else torch.zeros(read.keys.shape[1], dtype=bool)
        assert tokens_of(read.keys[h][~hidden], filled.keys[h]) == kept


def test_a_first_level_is_looked_up_before_the_second(filled):
    query = filled.queries[:, :, -1:]
    whole, half = (
        SqueezedAttention(window=40, fine=0.2, coarse=0.05, coarse_budget=b).keep(filled) for b in (1, 0.25)
    )
    assert half.read(query, 300).loaded < whole.read(query, 300).loaded


def test_moa_gives_spans_where_attention_is_lost():
    lost = [[9.0, 5.0, 3.0, 2.0] + [2.0] * 13, [4.0, 1.0, 0.9] + [0.9] * 14]
    assert plan(lost, 3) == [2, 1]  # 4 and 2 saved by the first head, 3 by the second
    assert plan(lost, 100) == [16, 16]


def test_moa_measures_attention_beyond_a_span(filled):
    lost = lost_attention(filled, 8)
    expected = 0.0
    for q in range(140, 280):
        for g in range(2):
            weight = (filled.queries[1, g, q].double() @ filled.keys[1, : q + 1].double().T / 4).softmax(0)
            expected += float(weight[8 : max(8, q - 70 + 1)].sum()) / 2
    assert lost[1][4] == pytest.approx(expected, rel=1e-3)  # a span of 4/16 of 280 tokens


def test_shadow_kv_keeps_the_best_approximation_of_its_rank(model, filled):
    store = ShadowKV(budget=0.5, rank=8).keep(filled)
    plain = unrotated(model, filled.keys).transpose(0, 1).reshape(280, 32)
    singular = torch.linalg.svdvals(plain)
    error = (store.left.double() @ store.right.double() - plain).square().sum()
    assert float(error) == pytest.approx(float(singular[8:].square().sum()), rel=1e-3)


def test_shadow_kv_reads_the_chunks_whose_landmarks_score_best(filled):
    store = ShadowKV(budget=0.2, rank=32, chunk=8, outliers=0, local=2).keep(filled)
    query = filled.queries[:, :, -3:]
    read = store.read(query, 300)
    for h in range(2):
        marks = filled.keys[h, : 33 * 8].double().reshape(33, 8, 16).mean(1)
        score = [(query[h, g].double() @ marks.T / 4).softmax(1).sum(0) for g in range(2)]
        best = sorted(torch.stack(score).amax(0).topk(7).indices.tolist())
        expected = list(range(264, 280)) + [t for c in best for t in range(8 * c, 8 * c + 8)]
        assert torch.allclose(read.keys[h], filled.keys[h, expected], atol=1e-3)
        assert torch.equal(read.values[h], filled.values[h, expected])


def test_shadow_kv_keeps_chunks_that_their_landmark_describes_worst(filled):
    store = ShadowKV(budget=0.5, rank=32, outliers=0.25, local=1).keep(filled)
    for h in range(2):
        chunks = filled.keys[h, : 34 * 8].double().reshape(34, 8, 16)
        worst = [min(float(torch.cosine_similarity(k, c.mean(0), dim=0)) for k in c) for c in chunks]
        number = round(0.25 * 0.5 * 280 / 8)
        assert sorted(store.exact[h].tolist()) == sorted(sorted(range(34), key=lambda c: worst[c])[:number])


def test_a2ats_codes_keys_by_the_error_of_their_scores(model, filled):
    book = codebook(filled, 24)
    keys, queries = unrotated(model, filled.keys)[0], unrotated(model, filled.queries)[0].reshape(-1, 16)
    store = A2ATS(codes=24).keep(filled)
    codes = book.codes[0].double()
    for t in (0, 77, 279):
        errors = [float(((queries @ (keys[t] - c)) ** 2).mean()) for c in codes]
        assert errors[int(store.ids[0, t])] <= min(errors) * 1.01 + 1e-9


def test_a2ats_scores_far_keys_at_one_fixed_distance(model, filled):
    method = A2ATS(budget=0.1, codes=24, window=16, sinks=4, distance=100)
    store = method.keep(filled)
    query = filled.queries[:, :, -1:]  # at position 279
    read = store.read(query, 279)
    turned = unrotated(model, query, 179)  # 279 - 179 = 100 positions stay
    for h in range(2):
        kept = {*range(4), *range(264, 280)}
        for g in range(2):
            score = [
                float(turned[h, g, 0] @ store.codes[h, int(store.ids[h, t])].double()) for t in range(4, 264)
            ]
            bound = sorted(score)[-28]
            surely = {t + 4 for t, s in enumerate(score) if s > bound + 1e-4}
            maybe = {t + 4 for t, s in enumerate(score) if s >= bound - 1e-4}
            hidden = (
                read.hidden[h] if read.hidden is not None else torch.zeros(read.keys.shape[1], dtype=bool)
            )
            chosen = set(tokens_of(read.keys[h][~hidden], filled.keys[h]))
            assert surely <= chosen
            kept |= maybe
        assert chosen <= kept
