"""Presses of kvpress, by a stand-in that follows its documented interface; kvpress itself is not installed here."""
# ruff: noqa: E402

import sys
from dataclasses import dataclass
from types import ModuleType

import pytest

torch = pytest.importorskip("torch")
from lcrag.errors import LcragError, ReaderUnavailable
from lcrag.readers.generation import Generation
from lcrag.readers.kv import KVPress
from tests.readers.kv.test_booking import prompt

seen = []


@dataclass
class KnormPress:
    """Keeps the keys of lowest norm, as a ScorerPress of kvpress does."""

    compression_ratio: float = 0.0

    def compress(self, module, hidden_states, keys, values, attentions, kwargs):
        cos, _ = kwargs["position_embeddings"]
        seen.append(
            (
                module.layer_idx,
                tuple(hidden_states.shape),
                tuple(cos.shape[-2:]),
                kwargs["cache_position"][-1],
            )
        )
        again = module.k_proj(hidden_states).view(1, keys.shape[2], 2, 16).transpose(1, 2)
        assert torch.allclose(again.norm(dim=-1), keys.norm(dim=-1), atol=1e-3)  # rotation changes no norm
        kept = (-keys.norm(dim=-1)).topk(int(keys.shape[2] * (1 - self.compression_ratio)), -1).indices
        index = kept[..., None].expand(-1, -1, -1, keys.shape[3])
        return keys.gather(2, index).contiguous(), values.gather(2, index).contiguous()


@dataclass
class AdaKVPress(KnormPress):
    """Only marks what is to be masked."""

    def compress(self, module, hidden_states, keys, values, attentions, kwargs):
        module.masked_key_indices = (0, 0, 0)
        return keys, values


@pytest.fixture
def kvpress(monkeypatch):
    stand_in = ModuleType("kvpress")
    stand_in.KnormPress, stand_in.AdaKVPress = KnormPress, AdaKVPress
    monkeypatch.setitem(sys.modules, "kvpress", stand_in)


def test_a_press_gets_what_kvpress_gives_it_and_drops_tokens(model, ids, kvpress):
    seen.clear()
    generation = Generation(model, model.generation.tokenizer, 2, 1e9)
    method = KVPress("KnormPress", budget=0.25)
    first, second = (generation.run([prompt(ids, method)])[0] for _ in range(2))
    assert seen == [(layer, (1, 280, 64), (280, 16), 279) for layer in range(3)]
    tokens = 300 + first.usage.completion_tokens
    assert first.usage.kv_stored_fraction == pytest.approx((70 + tokens - 280) / tokens)
    assert second.usage.cached_tokens == 280


def test_a_press_that_only_masks_is_refused(model, ids, kvpress):
    with pytest.raises(LcragError, match="frees no memory"):
        Generation(model, model.generation.tokenizer, 2, 1e9).run([prompt(ids, KVPress("AdaKVPress"))])


def test_an_unknown_press_and_a_missing_package_are_one_sentence(kvpress, monkeypatch):
    with pytest.raises(LcragError, match="KnormPress"):
        KVPress("KnormPres").made()
    monkeypatch.setitem(sys.modules, "kvpress", None)
    with pytest.raises(ReaderUnavailable, match="pip install"):
        KVPress("KnormPress").made()
