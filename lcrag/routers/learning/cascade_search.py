"""The search for a cascade: which strategies in which order, and from which score an answer is accepted.

As FrugalGPT does (Chen et al. 2023, arXiv 2305.05176, section 3), lists whose strategies can gain little on each other
are pruned, and thresholds are looked for on a few samples. Few strategies are searched completely: neither limit
touches three strategies with 20 thresholds each.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from lcrag.routers.learning.examples import Examples

Matrix = NDArray[np.float64]
Order = tuple[int, ...]

MAX_LISTS = 30  # lists of each length that are tried: 30 x 400 cascades take about a second on 2,000 examples
MAX_THRESHOLDS = 400  # combinations of thresholds per list: all of them for three strategies with 20 each


@dataclass(frozen=True)
class Cascade:
    """Strategies in the order in which they are tried.

    Attributes:
        order: indices of the strategies.
        thresholds: for each but the last, the score from which its answer is accepted.
        score: mean score on the examples.
        cost: mean cost on the examples.
    """

    order: Order
    thresholds: tuple[float, ...]
    score: float
    cost: float


def best_cascade(
    examples: Examples, trust: Matrix, max_cost: float, max_strategies: int, quantiles: int
) -> Cascade | None:
    """The cascade with the highest mean score whose mean cost is at most ``max_cost``; of equals the cheapest.

    Args:
        examples: with score and cost of every strategy.
        trust: for each example how likely each strategy's answer is right, shape (N, strategies).
        max_cost: bound on the mean cost.
        max_strategies: bound on the length of the cascade.
        quantiles: thresholds per strategy: quantiles of its trust.

    Returns:
        ``None`` if every cascade costs more.
    """
    grids = [_grid(column, quantiles) for column in trust.T]
    best: Cascade | None = None
    for order in candidate_lists(examples, max_cost, max_strategies):
        for thresholds in itertools.product(*_thinned([grids[i] for i in order[:-1]])):
            score, cost = _run(order, thresholds, trust, examples)
            if cost > max_cost * (1 + 1e-9):
                continue
            if best is None or (score, -cost) > (best.score, -best.cost):
                best = Cascade(order, thresholds, score, cost)
    return best


def candidate_lists(examples: Examples, max_cost: float, max_strategies: int) -> Iterator[Order]:
    """Lists of strategies, short ones first; of each length at most ``MAX_LISTS``.

    A longer list extends a shorter one that was kept. If there are too many, those with the highest possible score
    are kept: the mean of each example's best score in the list. What a strategy adds to it is FrugalGPT's maximum
    performance improvement. Of equal lists those are kept which reach that score at the lowest cost.
    """
    count = len(examples.strategies)
    lists: list[Order] = [()]
    for _ in range(min(max_strategies, count)):
        lists = [(*order, i) for order in lists for i in range(count) if i not in order]
        if len(lists) > MAX_LISTS:
            affordable = [o for o in lists if examples.mean_costs[o[0]] <= max_cost] or lists
            ranked = sorted(affordable, key=lambda order: _potential(order, examples))
            lists = sorted(ranked[:MAX_LISTS])
        yield from lists


def _potential(order: Order, examples: Examples) -> tuple[float, float]:
    """Sorting key: the possible score (negative), then the mean cost of stopping at the first best answer."""
    scores = examples.scores[:, order]
    last = scores.argmax(1)
    costs = examples.costs[:, order].cumsum(1)
    return -float(scores.max(1).mean()), float(costs[np.arange(len(last)), last].mean())


def _grid(trust: NDArray[np.float64], quantiles: int) -> list[float]:
    """Thresholds: quantiles, rounded down, so that no decision depends on the last bit of a product."""
    values = np.quantile(trust, np.linspace(0, 1, quantiles))
    return sorted({float(x) for x in np.floor(values * 1e6) / 1e6})


def _thinned(grids: Sequence[list[float]]) -> list[list[float]]:
    """The grids, each reduced evenly until there are at most ``MAX_THRESHOLDS`` combinations."""
    if not grids or np.prod([float(len(g)) for g in grids]) <= MAX_THRESHOLDS:
        return list(grids)
    size = max(2, int(MAX_THRESHOLDS ** (1 / len(grids)) + 1e-9))
    places = [np.unique(np.linspace(0, len(g) - 1, min(size, len(g))).round().astype(int)) for g in grids]
    return [[g[i] for i in at] for g, at in zip(grids, places, strict=True)]


def _run(order: Order, thresholds: Sequence[float], trust: Matrix, examples: Examples) -> tuple[float, float]:
    """Mean score and mean cost of a cascade."""
    undecided = np.ones(len(examples), bool)
    score, cost = np.zeros(len(examples)), np.zeros(len(examples))
    for stage, i in enumerate(order):
        cost[undecided] += examples.costs[undecided, i]
        accepted = undecided & (trust[:, i] >= thresholds[stage]) if stage < len(thresholds) else undecided
        score[accepted] = examples.scores[accepted, i]
        undecided = undecided & ~accepted
    return float(score.mean()), float(cost.mean())
