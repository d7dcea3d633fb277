"""Operations on keys and values that several KV cache methods share."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor


def turn(states: Tensor, steps: Tensor, frequencies: Tensor) -> Tensor:
    """Rotate states (..., tokens, head_dim) by ``steps`` (..., tokens) more positions, in transformers' layout."""
    angles = steps[..., None].float() * frequencies.float()
    angles = torch.cat([angles, angles], -1)
    half = states.shape[-1] // 2
    turned = torch.cat([-states[..., half:], states[..., :half]], -1)
    return (states.float() * angles.cos() + turned.float() * angles.sin()).to(states.dtype)


def take(states: Tensor, index: Tensor) -> Tensor:
    """Rows of states (heads, tokens, width) by an index (heads, m) -> (heads, m, width)."""
    return states.gather(1, index[..., None].expand(-1, -1, states.shape[2]))


def top(scores: Tensor, number: int) -> Tensor:
    """Where the highest scores (heads, tokens) stand, in the tokens' order -> (heads, number)."""
    return scores.topk(min(number, scores.shape[-1]), -1).indices.sort(-1).values


def ends(first: int, last: int, tokens: int, device: torch.device) -> Tensor:
    """Positions of the first and the last tokens -> (first + last,)."""
    places = torch.arange(tokens, device=device)
    return torch.cat([places[:first], places[max(first, tokens - last) :]])


def attention(
    queries: Tensor, keys: Tensor, scaling: float, start: int | None = None, rows: int = 256
) -> Tensor:
    """Attention that each token gets from some queries, summed over queries and the heads of its group.

    Args:
        queries: shape (kv_heads, group, q, head_dim).
        keys: shape (kv_heads, tokens, head_dim).
        scaling: the factor of the scores.
        start: position of the first query among the keys, for causal attention; ``None`` for queries that see all.
        rows: queries whose scores are held at once.

    Returns:
        Shape (kv_heads, tokens), float32.
    """
    total = torch.zeros(keys.shape[:2], dtype=torch.float32, device=keys.device)
    places = torch.arange(keys.shape[1], device=keys.device)
    for begin in range(0, queries.shape[2], rows):
        block = queries[:, :, begin : begin + rows]
        scores = (block.float() @ keys[:, None].float().transpose(2, 3)) * scaling
        if start is not None:
            asking = torch.arange(begin, begin + block.shape[2], device=keys.device) + start
            scores = scores.masked_fill(places > asking[:, None], float("-inf"))
        total += scores.softmax(-1).sum((1, 2))
    return total


def cat(parts: Sequence[Tensor], dim: int = 1) -> Tensor:
    """``torch.cat``."""
    return torch.cat(list(parts), dim)


def cluster(points: Tensor, number: int, iterations: int = 20, seed: int = 0) -> Tensor:
    """K-means with k-means++ starts (Arthur and Vassilvitskii 2007); labels (n,) of points (n, width) in float32."""
    generator = torch.Generator().manual_seed(seed)
    number = min(number, points.shape[0])
    chosen = int(torch.randint(points.shape[0], (1,), generator=generator))
    centres = points[chosen : chosen + 1]
    nearest = (points - centres).square().sum(1)
    while len(centres) < number:
        odds = nearest.cpu().double() + 1e-12
        chosen = int(torch.multinomial(odds, 1, generator=generator))
        centres = torch.cat([centres, points[chosen : chosen + 1]])
        nearest = torch.minimum(nearest, (points - points[chosen]).square().sum(1))
    labels = torch.cdist(points, centres).argmin(1)
    for _ in range(iterations):
        sums = torch.zeros_like(centres).index_add_(0, labels, points)
        counts = torch.bincount(labels, minlength=number)[:, None]
        centres = torch.where(counts > 0, sums / counts.clamp(min=1), centres)
        updated = torch.cdist(points, centres).argmin(1)
        if torch.equal(updated, labels):
            break
        labels = updated
    return labels
