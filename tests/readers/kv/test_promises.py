"""What every KV cache method promises, and that broken ones are told so."""
# ruff: noqa: E402

from dataclasses import dataclass

import pytest

torch = pytest.importorskip("torch")
from lcrag.components import build, names
from lcrag.readers.kv import KVCache
from lcrag.readers.kv.keep_all import Whole
from lcrag.testing import check_kv_cache

ELSEWHERE = {"quantized", "kv_press"}  # they need packages


@pytest.mark.parametrize("name", sorted(set(names("kv_cache")) - ELSEWHERE))
def test_every_method_keeps_its_promises(name):
    check_kv_cache(build("kv_cache", name, "here"))


@dataclass(frozen=True)
class Halved(KVCache):
    """Forgets for how many tokens it stands."""

    def keep(self, filled):
        return Whole(filled.keys[:, ::2], filled.values[:, ::2], filled.tokens // 2)


def test_a_store_that_miscounts_its_tokens_is_told_so():
    with pytest.raises(AssertionError, match="stands for 48 tokens, not for 96"):
        check_kv_cache(Halved())
