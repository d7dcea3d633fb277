"""The Lagrangian of a multiple-choice knapsack: a price on cost instead of a budget."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Whole = NDArray[np.int64]
STEPS = 60  # of the bisection
PASSES = 64  # of the fill


@dataclass(frozen=True)
class Dual:
    """The least upper bound that a multiplier gives, and choices within the budget."""

    multiplier: float
    bound: float
    choices: Whole


def at(q: Floats, c: Floats, multiplier: float) -> Whole:
    """The best option of each question when a unit of cost is worth ``multiplier``; of equal ones the cheapest.

    Args:
        q: quality, shape (questions, options); -inf where not available.
        c: cost, the same shape; inf where not available.
        multiplier: at least 0, finite.
    """
    with np.errstate(invalid="ignore"):
        worth = np.where(np.isfinite(c), q - multiplier * c, -np.inf)
    best = worth.max(axis=1, keepdims=True)
    return np.asarray(np.where(worth >= best, c, np.inf).argmin(axis=1), np.int64)


def dual(q: Floats, c: Floats, budget: float) -> Dual:
    """Bisect on the multiplier until the choices just fit; arrays as in ``at``, a budget that the cheapest fit in."""
    rows = np.arange(len(q))

    def tried(multiplier: float) -> tuple[float, float, Whole]:
        choices = at(q, c, multiplier)
        cost, value = float(c[rows, choices].sum()), float(q[rows, choices].sum())
        return cost, value + multiplier * (budget - cost), choices

    cost, bound, choices = tried(0.0)
    if cost <= budget:
        return Dual(0.0, bound, choices)
    low, high = 0.0, _steepest(q, c)
    _, least, fitting = tried(high)
    if float(c[rows, fitting].sum()) > budget:  # the cheapest fit; only rounding can lead here
        fitting = c.argmin(axis=1)
    multiplier = 0.0
    if least <= bound:
        bound, multiplier = least, high
    for _ in range(STEPS):
        middle = (low + high) / 2
        cost, least, choices = tried(middle)
        if least <= bound:
            bound, multiplier = least, middle
        if cost <= budget:
            high, fitting = middle, choices
        else:
            low = middle
    return Dual(multiplier, bound, fitting)


def _steepest(q: Floats, c: Floats) -> float:
    """A multiplier at which every question takes its cheapest option."""
    cheapest = c.min(axis=1, keepdims=True)
    start = np.where(c == cheapest, q, -np.inf).max(axis=1, keepdims=True)
    dearer = np.isfinite(c) & (c > cheapest)
    gain = np.where(dearer, q - start, 0.0)
    step = np.where(dearer, c - cheapest, 1.0)
    with np.errstate(over="ignore"):
        slopes = np.where(gain > 0, gain / step, 0.0)
    return float(min(slopes.max() * (1 + 1e-9) + 1e-300, 1e300))


def fill(q: Floats, c: Floats, budget: float, choices: Whole) -> Whole:
    """Spend what is left on upgrades, most quality for a unit of cost first, as long as one fits."""
    rows = np.arange(len(q))
    chosen = choices.copy()
    for _ in range(PASSES):
        now_q, now_c = q[rows, chosen], c[rows, chosen]
        left = budget - float(now_c.sum())
        extra, gain = c - now_c[:, None], q - now_q[:, None]
        useful = (gain > 0) & (extra <= left)
        if not useful.any():
            break
        with np.errstate(divide="ignore", invalid="ignore"):
            rate = np.where(useful, np.where(extra > 0, gain / extra, np.inf), -np.inf)
        best = rate.argmax(axis=1)
        which = np.flatnonzero(useful.any(axis=1))
        which = which[np.argsort(-rate[which, best[which]], kind="stable")]
        steps = extra[which, best[which]]
        fits = which[: max(1, int((np.cumsum(steps) <= left).sum()))]
        chosen[fits] = best[fits]
    return chosen
