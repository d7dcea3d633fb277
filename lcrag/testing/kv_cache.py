"""What every KV cache method promises."""

from __future__ import annotations

from lcrag.readers.kv.base import Filled, KVCache
from lcrag.testing.promises import check_component, promise

TOKENS, KV_HEADS, GROUP, WIDTH = 96, 2, 2, 16


def check_kv_cache(method: KVCache) -> None:
    """Check a method on one made-up layer of 96 tokens.

    It stands for all the layer's tokens; a question's pass and a written token's read keys and values of one shape and
    finite numbers, at least one for each head; bytes are counted; reading twice gives the same; the layer is unchanged.

    Raises:
        AssertionError: a promise is broken; the message names it.
    """
    import torch

    label = check_component(method, "kv_cache", "reads_question", "selects", "learns", "learn", "watching")
    generator = torch.Generator().manual_seed(0)
    keys, values = (torch.randn(KV_HEADS, TOKENS, WIDTH, generator=generator) for _ in range(2))
    queries = torch.randn(KV_HEADS, GROUP, TOKENS, WIDTH, generator=generator)
    frequencies = 10_000.0 ** (-torch.arange(WIDTH // 2) / (WIDTH // 2))
    filled = Filled(2, 4, keys.clone(), values.clone(), queries, WIDTH**-0.5, frequencies)
    (learned,) = method.learn([filled]) if method.learns else (None,)
    store = method.keep(Filled(2, 4, keys, values, queries, WIDTH**-0.5, frequencies, learned))
    promise(store.tokens == TOKENS, f"{label}: the store stands for {store.tokens} tokens, not for {TOKENS}.")
    promise(
        0 < store.stored <= store.total,
        f"{label}: {store.stored} of {store.total} bytes are in the device's memory.",
    )
    for new in (5, 1):
        first, again = (store.read(queries[:, :, -new:], store.position + new - 1) for _ in range(2))
        shape = (KV_HEADS, first.keys.shape[1], WIDTH)
        promise(
            first.keys.shape == first.values.shape == shape and shape[1] > 0,
            f"{label}: keys and values that are read must have the shape (kv_heads, tokens, head_dim).",
        )
        promise(
            bool(first.keys.isfinite().all() and first.values.isfinite().all()),
            f"{label}: a pass reads numbers that are not finite.",
        )
        hidden = first.hidden
        promise(hidden is None or not bool(hidden.all(1).any()), f"{label}: a head attends to nothing.")
        promise(first.loaded > 0, f"{label}: a pass that reads must count its bytes.")
        promise(torch.equal(first.keys, again.keys), f"{label}: one query has two answers.")
    same = torch.equal(keys, filled.keys) and torch.equal(values, filled.values)
    promise(same, f"{label}: `keep` must not change the layer's keys and values.")
