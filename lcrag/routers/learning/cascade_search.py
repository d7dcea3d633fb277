"""The search for a cascade: which strategies in which order, and from which score an answer is accepted.

Few strategies are searched completely: every order of up to four, of up to three with all thresholds. Of more the
search is approximate as in FrugalGPT (Chen et al. 2023, arXiv 2305.05176, section 3): a list is pruned if a strategy in
it can improve too little on the one before, and lists are ranked by a few thresholds on a sample of the examples. Only
the best of them are searched with all thresholds.
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

MAX_LISTS = 30  # per length, searched with all thresholds: about a second for three of 2,000 examples
MAX_THRESHOLDS = 400  # combinations of thresholds per list: all of them for three strategies with 20 each
MAX_EXTENDED = 150  # lists of one length that longer ones are made from: all pairs of twelve strategies
MIN_IMPROVEMENT = 0.01  # share of examples on which a strategy must be better than the one before it
SAMPLE = 500  # examples that lists are ranked on
RANKING_THRESHOLDS = 16  # combinations of thresholds that lists are ranked by


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
    examples: Examples,
    trust: Matrix,
    max_cost: float,
    max_strategies: int,
    quantiles: int,
    kept_trust: Matrix | None = None,
) -> Cascade | None:
    """The cascade with the highest mean score whose mean cost is at most ``max_cost``; of equals the cheapest.

    Args:
        examples: with score and cost of every strategy.
        trust: for each example how likely each strategy's answer is right, shape (N, strategies).
        max_cost: bound on the mean cost.
        max_strategies: bound on the length of the cascade.
        quantiles: thresholds per strategy: quantiles of its trust.
        kept_trust: trust by the scorers that will run, where those of ``trust`` are others: the mean cost must be
            within ``max_cost`` with them, too.

    Returns:
        ``None`` if every cascade costs more.
    """
    grids = [_grid(column, quantiles) for column in trust.T]
    best: Cascade | None = None
    for lists in _lists_by_length(examples, trust, max_cost, max_strategies, grids):
        for order in lists:
            cascade = _best_thresholds(order, examples, trust, max_cost, grids, MAX_THRESHOLDS, kept_trust)
            if cascade and (best is None or (cascade.score, -cascade.cost) > (best.score, -best.cost)):
                best = cascade
    return best


def _lists_by_length(
    examples: Examples, trust: Matrix, max_cost: float, max_strategies: int, grids: Sequence[list[float]]
) -> Iterator[list[Order]]:
    """The lists to search, short ones first, of each length at most ``MAX_LISTS``; longer ones extend shorter ones."""
    count = len(examples.strategies)
    sample = np.unique(np.linspace(0, len(examples) - 1, min(SAMPLE, len(examples))).astype(int))
    few, few_trust = examples.take(sample), trust[sample]
    lists: list[Order] = [()]
    for _ in range(min(max_strategies, count)):
        lists = [(*order, i) for order in lists for i in range(count) if i not in order]
        if len(lists) <= MAX_LISTS:
            yield lists
            continue
        ranked = []
        for order in lists:
            if len(order) > 1 and _improvement(order, few) < MIN_IMPROVEMENT:
                continue
            cascade = _best_thresholds(order, few, few_trust, max_cost, grids, RANKING_THRESHOLDS)
            ranked.append((-cascade.score, cascade.cost, order) if cascade else (0.0, np.inf, order))
        lists = [order for _, _, order in sorted(ranked)[:MAX_EXTENDED]]
        yield lists[:MAX_LISTS]


def _improvement(order: Order, examples: Examples) -> float:
    """FrugalGPT's maximum performance improvement: how often the last strategy is better than the one before it."""
    return float((examples.scores[:, order[-1]] > examples.scores[:, order[-2]]).mean())


def _best_thresholds(
    order: Order,
    examples: Examples,
    trust: Matrix,
    max_cost: float,
    grids: Sequence[list[float]],
    combinations: int,
    kept_trust: Matrix | None = None,
) -> Cascade | None:
    """The best cascade of this order, from about ``combinations`` sets of thresholds; ``None`` if all cost too much."""
    best: Cascade | None = None
    for thresholds in itertools.product(*_thinned([grids[i] for i in order[:-1]], combinations)):
        score, cost = _run(order, thresholds, trust, examples)
        limit = max_cost * (1 + 1e-9)
        better = cost <= limit and (best is None or (score, -cost) > (best.score, -best.cost))
        if better and (kept_trust is None or _run(order, thresholds, kept_trust, examples)[1] <= limit):
            best = Cascade(order, thresholds, score, cost)
    return best


def _grid(trust: NDArray[np.float64], quantiles: int) -> list[float]:
    """Thresholds: quantiles, rounded down, so that no decision depends on the last bit of a product."""
    values = np.quantile(trust, np.linspace(0, 1, quantiles))
    return sorted({float(x) for x in np.floor(values * 1e6) / 1e6})


def _thinned(grids: Sequence[list[float]], combinations: int) -> list[list[float]]:
    """The grids, each reduced evenly until there are about that many combinations."""
    if not grids or np.prod([float(len(g)) for g in grids]) <= combinations:
        return list(grids)
    size = max(2, int(combinations ** (1 / len(grids)) + 1e-9))
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
