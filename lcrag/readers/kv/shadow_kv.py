"""ShadowKV: low-rank keys on the device, landmarks of chunks, values in the host's memory."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from lcrag.readers.kv.base import Filled, KVCache, Read, Store, check_share

if TYPE_CHECKING:
    from torch import Tensor


class Shadow(Store):
    """Factors of the keys before rotation, landmarks, exact chunks; the values of all other chunks on the host."""

    on_host: ClassVar[frozenset[str]] = frozenset({"values"})
    shared: ClassVar[frozenset[str]] = frozenset({"frequencies"})

    def __init__(self, filled: Filled, method: ShadowKV) -> None:
        import torch

        from lcrag.readers.kv.tensors import take, turn

        super().__init__(filled.tokens)
        heads, tokens, width = filled.keys.shape
        self.chunk, self.heads, self.scaling = method.chunk, heads, filled.scaling
        self.frequencies = filled.rotary()
        places = torch.arange(tokens, device=filled.keys.device)
        plain = turn(filled.keys.float(), -places, self.frequencies)
        joined = plain.transpose(0, 1).reshape(tokens, heads * width)
        left, singular, right = torch.linalg.svd(joined, full_matrices=False)
        rank = min(method.rank, len(singular))
        dtype = filled.keys.dtype
        self.left = left[:, :rank].to(dtype).contiguous()  # (tokens, rank); a view would hold all ranks
        self.right = (singular[:rank, None] * right[:rank]).to(dtype)  # (rank, kv_heads * head_dim)
        whole = max(0, tokens // method.chunk - method.local)
        chunks = filled.keys[:, : whole * method.chunk].unflatten(1, (whole, method.chunk))
        marks = chunks.float().mean(2)
        alike = (
            torch.cosine_similarity(chunks.float(), marks[:, :, None], dim=-1).amin(-1)
            if whole
            else marks[..., 0]
        )
        outliers = min(whole, round(method.outliers * method.budget * tokens / method.chunk))
        self.exact = alike.topk(outliers, 1, largest=False).indices  # chunks, (kv_heads, outliers)
        self.landmarks = marks.to(dtype)
        local = places[whole * method.chunk :].expand(heads, -1)
        always = torch.cat([_tokens(self.exact, method.chunk), local], 1).sort(1).values
        self.exact_keys, self.exact_values = take(filled.keys, always), take(filled.values, always)
        self.values = filled.values.contiguous()
        self.number = min(whole, round(method.budget * tokens / method.chunk))

    def read(self, query: Tensor, position: int) -> Read:
        """Outliers and local chunks exactly; keys of the best chunks from their factors, values from the host."""
        import torch

        from lcrag.readers.kv.tensors import take, turn

        scores = (query.float() @ self.landmarks[:, None].float().transpose(2, 3) * self.scaling).softmax(-1)
        score = scores.sum(2).amax(1)  # over the question's tokens, then the heads of a group
        number = min(self.number, score.shape[1] - self.exact.shape[1])
        if not number:
            return Read(
                self.exact_keys, self.exact_values, self.exact_keys.nbytes * 2 + self.landmarks.nbytes
            )
        score = score.scatter(1, self.exact, -1.0)
        index = _tokens(score.topk(number, 1).indices.sort(1).values, self.chunk)
        heads, width = self.heads, self.values.shape[2]
        right = self.right.unflatten(1, (heads, width)).transpose(0, 1)  # (kv_heads, rank, head_dim)
        keys = turn(self.left[index].float() @ right.float(), index, self.frequencies).to(self.values.dtype)
        values = take(self.values, index)
        loaded = self.landmarks.nbytes + self.exact_keys.nbytes * 2 + values.nbytes + self.right.nbytes
        loaded += index.numel() * self.left[:1].nbytes
        return Read(torch.cat([self.exact_keys, keys], 1), torch.cat([self.exact_values, values], 1), loaded)


@dataclass(frozen=True)
class ShadowKV(KVCache):
    """Low-rank keys, landmarks of chunks, values on the host (Sun et al. 2024, arXiv 2410.21465).

    Keys before rotation are nearly of low rank: their factors stay on the device and values move to the host.
    Landmarks, the mean rotated keys of chunks, choose the chunks that a pass reads: keys are made again from the
    factors, values fetched. Chunks that their landmark describes worst, and the last ones, are kept exactly.
    ``kv_stored_fraction`` counts the device's part; on a CPU both memories are one.

    Differs from the paper: the number of outlier chunks is a share of the budget.

    Attributes:
        budget: share of the tokens that a pass reads, outliers and local chunks not counted.
        rank: rank of the keys of all KV heads together. It must be well below kv_heads * head_dim to save anything:
            160 of 1,024 in the paper's models, while SmolLM2-135M has 192 in all.
        chunk: tokens of a chunk.
        outliers: chunks that are kept exactly, as a share of those that the budget reads.
        local: last chunks that are kept exactly.
    """

    selects: ClassVar[bool] = True

    budget: float = 0.125
    rank: int = 160
    chunk: int = 8
    outliers: float = 0.1875
    local: int = 4

    def __post_init__(self) -> None:
        check_share("budget", self.budget)

    def keep(self, filled: Filled) -> Store:
        """Factors, landmarks, exact chunks, values."""
        return Shadow(filled, self)


def _tokens(chunks: Tensor, size: int) -> Tensor:
    """Positions of the tokens of chunks (kv_heads, m) -> (kv_heads, m * size)."""
    inside = chunks.new_ones(size).cumsum(0) - 1
    return (chunks[..., None] * size + inside).flatten(1)
