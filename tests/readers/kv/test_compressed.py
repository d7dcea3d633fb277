# ruff: noqa: E402
"""SnapKV and KVMerger against the same computed token by token."""

import math

import pytest

torch = pytest.importorskip("torch")
from lcrag.readers.kv import KeepAll, KVMerger, QuestionBlindSnapKV, SnapKV
from tests.readers.kv.test_booking import prompt
from tests.readers.kv.tiny import far, loaded, stored


def attention_by_hand(filled, head, window):
    """Attention that each token gets from the last queries of both heads of a group."""
    keys, tokens = filled.keys[head], filled.tokens
    total = [0.0] * tokens
    for group in range(2):
        for q in range(tokens - window, tokens):
            scores = [math.exp(float(filled.queries[head, group, q] @ keys[t]) / 4) for t in range(q + 1)]
            for t, score in enumerate(scores):
                total[t] += score / sum(scores)
    return total


@pytest.mark.parametrize("method", [QuestionBlindSnapKV(budget=1), SnapKV(budget=1), KVMerger(budget=1)])
def test_a_whole_budget_changes_no_bit(answer, method):
    assert far(answer(method).logits, answer(KeepAll()).logits) == 0


@pytest.mark.parametrize("method", [QuestionBlindSnapKV(budget=0.25), KVMerger(budget=0.25)])
def test_the_budget_is_stored_and_read(answer, method):
    kept = answer(method)
    assert stored(kept) == loaded(kept) == 0.25


def test_snapkv_keeps_what_the_window_attends_to(filled):
    store = QuestionBlindSnapKV(budget=0.1, window=8, kernel=3).keep(filled)
    for head in range(2):
        weight = attention_by_hand(filled, head, 8)[:272]
        padded = [0.0, *weight, 0.0]
        pooled = [sum(padded[i : i + 3]) / 3 for i in range(272)]
        best = sorted(sorted(range(272), key=lambda t: -pooled[t])[:20]) + list(range(272, 280))
        assert torch.equal(store.keys[head], filled.keys[head, best])
        assert torch.equal(store.values[head], filled.values[head, best])


def test_a_method_that_reads_the_question_shares_no_prefix(model, ids):
    """Every question pays for the whole prompt; without the question the second one finds the document."""
    from lcrag.readers.generation import Generation

    generation = Generation(model, model.generation.tokenizer, 2, 1e9)
    asked = [generation.run([prompt(ids, SnapKV(budget=0.25), prefix=0)])[0] for _ in range(2)]
    assert [c.usage.cached_tokens for c in asked] == [0, 0] and not generation.prefixes
    blind = [generation.run([prompt(ids, QuestionBlindSnapKV(budget=0.25))])[0] for _ in range(2)]
    assert [c.usage.cached_tokens for c in blind] == [0, 280]


def test_merged_keys_are_means_weighted_by_a_gaussian_around_the_pivot(filled):
    method = KVMerger(budget=0.5, observed=8)
    store = method.keep(filled)
    head, number = 1, 140
    weight = attention_by_hand(filled, head, 8)
    keys, values = filled.keys[head].double(), filled.values[head].double()
    recent, heavy = 28, 28
    single = set(range(280 - recent, 280)) | set(
        sorted(range(280 - recent), key=lambda t: -weight[t])[:heavy]
    )
    cosine = [float(torch.cosine_similarity(keys[t], keys[t - 1], dim=0)) for t in range(1, 280)]
    allowed = [t for t in range(1, 280) if t not in single and t - 1 not in single]
    joined = set(sorted(allowed, key=lambda t: -cosine[t - 1])[: 280 - number])
    sets = []
    for t in range(280):
        if t in joined:
            sets[-1].append(t)
        else:
            sets.append([t])
    assert len(sets) == number and max(map(len, sets)) > 1
    for place, members in enumerate(sets):
        pivot = max(members, key=lambda t: weight[t])
        squared = [float((keys[t] - keys[pivot]).square().sum()) for t in members]
        spread = sum(squared) / len(members)
        g = [math.exp(-d / (2 * spread)) if spread else 1.0 for d in squared]
        for states, kept in ((keys, store.keys), (values, store.values)):
            mean = sum(w * states[t] for w, t in zip(g, members, strict=True)) / sum(g)
            assert torch.allclose(kept[head, place].double(), mean, atol=1e-4)
