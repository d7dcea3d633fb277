"""Fusing several rankings into one."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from retrievers.base import best
from retrievers.passage import Passage

Place = tuple[str, int, int]


def reciprocal_rank(rankings: Sequence[Sequence[Passage]], k: int, constant: int = 60) -> list[Passage]:
    """The ``k`` best by the sum of 1 / (constant + rank) (Cormack et al. 2009).

    A passage with score 0 shares no word with the query (BM25) and gets nothing from that ranking.
    """
    scores = [[1 / (constant + r) if p.score else 0.0 for r, p in enumerate(x, start=1)] for x in rankings]
    return _best(rankings, scores, k)


def weighted(rankings: Sequence[Sequence[Passage]], weights: Sequence[float], k: int) -> list[Passage]:
    """The ``k`` best by the weighted sum of scores, each ranking's scaled to 0..1 first (min-max)."""
    return _best(rankings, [[w * s for s in _scaled(x)] for x, w in zip(rankings, weights, strict=True)], k)


def first_of_each(rankings: Sequence[Sequence[Passage]], counts: Sequence[int]) -> list[Passage]:
    """The first ``counts[i]`` of each ranking one after the other, each passage once; a score is 1 / rank."""
    passages: dict[Place, Passage] = {}
    for ranking, count in zip(rankings, counts, strict=True):
        for passage in ranking[:count]:
            passages.setdefault(_place(passage), passage)
    return [replace(p, score=1 / rank) for rank, p in enumerate(passages.values(), start=1)]


def _best(rankings: Sequence[Sequence[Passage]], scores: Sequence[Sequence[float]], k: int) -> list[Passage]:
    sums: dict[Place, float] = {}
    passages: dict[Place, Passage] = {}
    for ranking, ranking_scores in zip(rankings, scores, strict=True):
        for passage, score in zip(ranking, ranking_scores, strict=True):
            place = _place(passage)
            passages[place] = passage
            sums[place] = sums.get(place, 0.0) + score
    return best(list(passages.values()), list(sums.values()), k, None)


def _scaled(ranking: Sequence[Passage]) -> list[float]:
    scores = [p.score for p in ranking]
    low, high = min(scores, default=0.0), max(scores, default=0.0)
    return [(s - low) / (high - low) if high > low else 1.0 for s in scores]


def _place(passage: Passage) -> Place:
    return passage.document_id, passage.start, passage.end
