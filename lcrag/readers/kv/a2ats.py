"""A2ATS: a codebook of keys before rotation, made for queries, chooses the tokens."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar, NamedTuple

from lcrag.readers.kv.base import Filled, KVCache, Store, check_share, kept_tokens
from lcrag.readers.kv.gathered import Gathered, places

if TYPE_CHECKING:
    from torch import Tensor


class Codebook(NamedTuple):
    """What is learned for one layer: codes (kv_heads, codes, head_dim) and factors L of E[q q^T] = L L^T."""

    codes: Tensor
    factors: Tensor


class Coded(Gathered):
    """Keys and values on the host, and a code for each token on the device."""

    on_host: ClassVar[frozenset[str]] = frozenset({"keys", "values"})
    shared: ClassVar[frozenset[str]] = frozenset({"codes", "frequencies"})

    def __init__(self, filled: Filled, book: Codebook, method: A2ATS) -> None:
        import torch

        from lcrag.readers.kv.tensors import turn

        super().__init__(filled)
        self.frequencies, self.codes = filled.rotary(), book.codes
        self.number = kept_tokens(method.budget, filled.tokens)
        self.window, self.sinks, self.distance = method.window, method.sinks, method.distance
        steps = torch.arange(filled.tokens, device=filled.keys.device)
        plain = turn(filled.keys.float(), -steps, self.frequencies)
        self.ids = torch.cdist(plain @ book.factors, book.codes.float() @ book.factors).argmin(-1).short()

    @property
    def index_bytes(self) -> int:
        """Each token's code."""
        return int(self.ids.nbytes)

    def choose(self, query: Tensor, position: int) -> Tensor | None:
        """Sinks, window and the tokens whose codes score best, for each head of a group."""
        from lcrag.readers.kv.tensors import turn

        if query.shape[2] > 1 or self.number == self.tokens:
            return None
        steps = query.new_full((1,), self.distance - position, dtype=int)
        far = turn(query.float(), steps, self.frequencies)
        by_code = far @ self.codes[:, None].float().transpose(2, 3)  # (kv_heads, group, 1, codes)
        ids = self.ids.long()[:, None].expand(-1, query.shape[1], -1)
        scores = by_code[:, :, 0].gather(2, ids)
        start = min(self.tokens, self.sinks)
        stop = max(start, self.tokens - self.window)
        chosen = scores.new_zeros(scores.shape, dtype=bool)
        number = min(self.number, stop - start)
        chosen.scatter_(2, scores[:, :, start:stop].topk(number, 2).indices + start, True)
        kept = chosen.any(1)
        kept[:, :start] = kept[:, stop:] = True
        return places(kept)


@dataclass(frozen=True)
class A2ATS(KVCache):
    """Windowed rotary positions and query-aware vector quantisation (He et al. 2025, arXiv 2502.12665).

    Keys before rotation are coded by their nearest code, in the metric of the queries: with E[q q^T] = L L^T k-means
    runs on k L, which minimises the error of q k. A far key's score is that of its code with the query rotated to one
    fixed distance, so that a code needs no position. The best tokens, sinks and a window are read exactly.
    ``kv_stored_fraction`` counts the device's part, the codes; keys and values are on the host. Codebooks are shared by
    all documents and are not counted.

    Differs from the paper: a small codebook from a short calibration text; a question's tokens attend densely.

    Attributes:
        budget: share of the tokens that each head of a group chooses; what the group reads is the union.
        codes: codes of a KV head.
        window: last tokens that are always read.
        sinks: first tokens that are always read.
        distance: the fixed distance of far keys.
    """

    selects: ClassVar[bool] = True
    learns: ClassVar[bool] = True

    budget: float = 0.06
    codes: int = 256
    window: int = 64
    sinks: int = 8
    distance: int = 2048

    def __post_init__(self) -> None:
        check_share("budget", self.budget)

    def learn(self, layers: Sequence[Filled]) -> Sequence[Any]:
        """A codebook for each layer."""
        return [codebook(f, self.codes) for f in layers]

    def keep(self, filled: Filled) -> Store:
        """Keys and values, with each token's code."""
        book = filled.learned if filled.learned is not None else codebook(filled, self.codes)
        return Coded(filled, book, self)


def codebook(filled: Filled, number: int) -> Codebook:
    """K-means of keys before rotation in the metric of the queries before rotation."""
    import torch

    from lcrag.readers.kv.tensors import cluster, turn

    steps = torch.arange(filled.tokens, device=filled.keys.device)
    keys = turn(filled.keys.float(), -steps, filled.rotary())
    queries = turn(filled.queries.float(), -steps, filled.rotary()).flatten(1, 2)
    metric = queries.transpose(1, 2) @ queries / queries.shape[1]
    ridge = (
        1e-4
        * metric.diagonal(dim1=1, dim2=2).mean(1)[:, None, None]
        * torch.eye(keys.shape[2], device=keys.device)
    )
    factors = torch.linalg.cholesky(metric + ridge)
    number = min(number, filled.tokens)
    codes = []
    for head, points in enumerate(keys @ factors):
        labels = cluster(points, number)
        sums = keys.new_zeros(number, keys.shape[2]).index_add_(0, labels, keys[head])
        codes.append(sums / torch.bincount(labels, minlength=number).clamp(min=1)[:, None])
    return Codebook(torch.stack(codes).to(filled.keys.dtype), factors)
