"""Squeezed Attention: centroids of the document's keys, looked up in two levels."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from lcrag.readers.kv.base import Filled, KVCache, Store, check_share
from lcrag.readers.kv.gathered import Gathered, places

if TYPE_CHECKING:
    from torch import Tensor


class Clustered(Gathered):
    """All keys and values, and the centroids of the keys before the observation window."""

    def __init__(self, filled: Filled, method: SqueezedAttention) -> None:
        super().__init__(filled)
        self._fine_bytes = 0
        self.fixed = max(0, filled.tokens - method.window)
        self.coarse_share, self.dense = method.coarse_budget, method.budget >= 1 or not self.fixed
        if self.dense:
            return
        keys = filled.keys[:, : self.fixed]
        self.labels, self.centroids, self.sizes = clusters(keys, method.fine)
        self.parents, self.coarse, self.coarse_sizes = _parents(self.centroids, self.sizes, method.coarse)
        asking = filled.queries[:, :, self.fixed :]
        importance = asking_scores(asking, self.centroids, self.sizes, self.scaling)
        by_token = importance.gather(1, self.labels.long())
        self.threshold = float(by_token.flatten().quantile(1 - method.budget))

    @property
    def index_bytes(self) -> int:
        """Centroids of the first level; those of the second under the parents that stay are added by ``choose``."""
        return int(self.coarse.nbytes + self._fine_bytes)

    def choose(self, query: Tensor, position: int) -> Tensor | None:
        """Tokens of clusters above the threshold, and the observation window."""
        from lcrag.readers.kv.tensors import cat

        if self.dense:
            return None
        coarse = asking_scores(query, self.coarse, self.coarse_sizes, self.scaling)
        number = max(1, round(self.coarse_share * coarse.shape[1]))
        open_parents = coarse.new_zeros(coarse.shape, dtype=bool).scatter(
            1, (coarse * self.coarse_sizes).topk(number, 1).indices, True
        )
        looked_at = open_parents.gather(1, self.parents.long())
        self._fine_bytes = int(looked_at.sum()) * self.centroids[0, :1].nbytes
        fine = asking_scores(query, self.centroids, self.sizes, self.scaling)
        kept = (looked_at & (fine > self.threshold)).gather(1, self.labels.long())
        window = kept.new_ones(kept.shape[0], self.tokens - self.fixed)
        return places(cat([kept, window]))


@dataclass(frozen=True)
class SqueezedAttention(KVCache):
    """K-means centroids of the document's keys decide which keys a pass reads (Hooper et al. 2024, arXiv 2411.09688).

    Once per document and head keys are clustered by their direction; a centroid is the mean of its keys. A cluster's
    score is the softmax share of one of its tokens; clusters above a threshold are read exactly. The threshold is
    calibrated with the queries of the document's last tokens. A first level of fewer centroids is looked up before.

    Differs from the paper: the threshold is calibrated for each layer, not for all together; the first level keeps a
    share of its clusters in place of a threshold; a softmax share of the second level counts all its clusters; heads
    that share keys (GQA) and a question's tokens choose together, by their mean score.

    Attributes:
        budget: share of the tokens that the calibration queries attend to; the threshold follows.
        fine: centroids per token in the second level.
        coarse: centroids per token in the first level.
        coarse_budget: share of the first level's clusters that are looked into.
        window: last tokens, which calibrate and are always read.
    """

    selects: ClassVar[bool] = True

    budget: float = 0.25
    fine: float = 0.05
    coarse: float = 0.01
    coarse_budget: float = 0.5
    window: int = 100

    def __post_init__(self) -> None:
        for name in ("budget", "fine", "coarse", "coarse_budget"):
            check_share(name, getattr(self, name))

    def keep(self, filled: Filled) -> Store:
        """All keys and values, with centroids."""
        return Clustered(filled, self)


def clusters(keys: Tensor, share: float) -> tuple[Tensor, Tensor, Tensor]:
    """Labels (heads, tokens), centroids (heads, k, width) and sizes (heads, k) of keys, by cosine."""
    from lcrag.readers.kv.tensors import cluster

    heads, tokens, width = keys.shape
    number = max(1, round(share * tokens))
    unit = keys.float() / keys.float().norm(dim=-1, keepdim=True).clamp(min=1e-12)
    labels = keys.new_zeros(heads, tokens, dtype=int)
    for head in range(heads):
        labels[head] = cluster(unit[head], number)
    sizes = keys.new_zeros(heads, number).float().scatter_add(1, labels, keys.new_ones(heads, tokens).float())
    sums = keys.new_zeros(heads, number, width).float()
    sums = sums.scatter_add(1, labels[..., None].expand(-1, -1, width), keys.float())
    return labels.int(), (sums / sizes.clamp(min=1)[..., None]).to(keys.dtype), sizes


def _parents(centroids: Tensor, sizes: Tensor, share: float) -> tuple[Tensor, Tensor, Tensor]:
    """The first level: the same over the second level's centroids, each weighing as many tokens as it has."""
    tokens = int(sizes[0].sum())
    labels, _, counts = clusters(centroids, min(1.0, share * tokens / centroids.shape[1]))
    total = sizes.new_zeros(counts.shape).scatter_add(1, labels.long(), sizes)
    sums = sizes.new_zeros(*total.shape, centroids.shape[2]).scatter_add(
        1, labels.long()[..., None].expand_as(centroids), centroids.float() * sizes[..., None]
    )
    return labels, (sums / total.clamp(min=1)[..., None]).to(centroids.dtype), total


def asking_scores(queries: Tensor, centroids: Tensor, sizes: Tensor, scaling: float) -> Tensor:
    """S_i = exp(q C_i) / sum_j N_j exp(q C_j), mean of the queries and of the heads of a group -> (kv_heads, k)."""
    scores = (queries.float() @ centroids[:, None].float().transpose(2, 3)) * scaling
    weighed = scores + sizes.clamp(min=1e-9).log()[:, None, None]
    return (scores - weighed.logsumexp(-1, keepdim=True)).exp().mean((1, 2))
