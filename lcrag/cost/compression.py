"""KV cache methods in the cost model: the shares of the dense cache's bytes that they store, read and fetch."""

from __future__ import annotations

from dataclasses import dataclass

from lcrag.cost.amounts import not_negative
from lcrag.cost.model import ModelSpec

FINE, COARSE, LOOKED_INTO = 0.05, 0.01, 0.5  # Squeezed Attention's centroids per token (arXiv 2411.09688)
LABEL_GROUP = 4  # Double Sparsity: a head's width over its number of heavy channels (arXiv 2408.07092)
RANK, CHUNK = 160, 8  # ShadowKV (arXiv 2410.21465)
CODE_BYTES = 2  # A2ATS: a code of one of 4,096 (arXiv 2502.12665)
BITS, GROUP = 4, 32  # KIVI (arXiv 2402.02750)


@dataclass(frozen=True)
class KVShares:
    """What a method makes of the KV cache of a text, in shares of the dense cache's bytes.

    Attributes:
        name: the method.
        stored: share in the device's memory, index included (``Usage.kv_stored_fraction``).
        loaded: share that a pass reads from there (``Usage.kv_loaded_fraction``, where nothing is on the host).
        fetched: share that a pass fetches from the host's memory over the link.
        reuses_prefix: whether later questions find what was kept; otherwise each prefills the whole text.
    """

    name: str = "keep_all"
    stored: float = 1.0
    loaded: float = 1.0
    fetched: float = 0.0
    reuses_prefix: bool = True

    def __post_init__(self) -> None:
        not_negative(stored=self.stored, loaded=self.loaded, fetched=self.fetched)


DENSE = KVShares()


def kv_methods(spec: ModelSpec, budget: float) -> tuple[KVShares, ...]:
    """Every method where it keeps or reads ``budget`` of the tokens, by its paper's other settings; dense first."""
    width = spec.kv_heads * spec.head_dim
    rank = min(RANK, width) / (2 * width)
    code = CODE_BYTES / (2 * spec.head_dim * spec.dtype_bytes)
    quantised = BITS / (8 * spec.dtype_bytes) + 2 / GROUP
    return (
        DENSE,
        KVShares("streaming_llm", budget, budget),
        KVShares("snapkv", budget, budget, reuses_prefix=False),
        KVShares("question_blind_snapkv", budget, budget),
        KVShares("kv_merger", budget, budget),
        KVShares("moa", budget, budget),
        KVShares("kivi", quantised, quantised),
        KVShares("squeezed_attention", 1 + (FINE + COARSE) / 2, budget + (COARSE + LOOKED_INTO * FINE) / 2),
        KVShares("double_sparsity", 1 + 1 / (2 * LABEL_GROUP), budget + 1 / (2 * LABEL_GROUP)),
        KVShares("shadow_kv", rank + 1 / (2 * CHUNK), budget * rank + 1 / (2 * CHUNK), budget / 2),
        KVShares("a2ats", code, code, budget),
    )
