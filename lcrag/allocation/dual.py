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
    """Bisect on the multiplier until the choices just fit; arrays as in ``at``, a budget that the cheapest fit in.

    A question that chooses alike at both ends of the bisection chooses so in between: it is set aside.
    """
    order = np.argsort(
        c, axis=1, kind="stable"
    )  # of equally good options argmax takes the first, the cheapest
    q = np.take_along_axis(q, order, axis=1)
    c = np.take_along_axis(c, order, axis=1)
    c[~np.isfinite(c)] = 0.0  # their quality is -inf
    low, high = 0.0, _steepest(q, c)
    dear, cheap = q.argmax(axis=1), (q - high * c).argmax(axis=1)
    rows = np.arange(len(q))

    def found(choices: Whole, multiplier: float, bound: float) -> Dual:
        return Dual(multiplier, bound, order[rows, choices])

    if c[rows, dear].sum() <= budget:
        return found(dear, 0.0, float(q[rows, dear].sum()))
    if c[rows, cheap].sum() > budget:  # the cheapest fit; only rounding can lead here
        cheap = np.zeros(len(q), np.int64)

    def bound_at(choices: Whole, multiplier: float) -> float:
        return float(q[rows, choices].sum() + multiplier * (budget - c[rows, choices].sum()))

    ends = [(bound_at(dear, 0.0), 0.0), (bound_at(cheap, high), high)]
    bound, multiplier = min(ends)
    set_q = set_c = 0.0
    open_ = rows
    for _ in range(STEPS):
        same = dear[open_] == cheap[open_]
        if same.any():
            gone = open_[same]
            set_q += float(q[gone, cheap[gone]].sum())
            set_c += float(c[gone, cheap[gone]].sum())
            open_ = open_[~same]
        if not len(open_):
            break
        middle = (low + high) / 2
        choices = (q[open_] - middle * c[open_]).argmax(axis=1)
        cost = set_c + float(c[open_, choices].sum())
        least = set_q + float(q[open_, choices].sum()) + middle * (budget - cost)
        if least <= bound:
            bound, multiplier = least, middle
        if cost <= budget:
            high = middle
            cheap[open_] = choices
        else:
            low = middle
            dear[open_] = choices
    return found(cheap, multiplier, bound)


def _steepest(q: Floats, c: Floats) -> float:
    """A multiplier at which every question takes its cheapest option; options in order of cost."""
    gain = q - q[:, :1]
    step = c - c[:, :1]
    useful = (gain > 0) & (step > 0)
    with np.errstate(over="ignore"):
        slopes = np.divide(gain, step, out=np.zeros_like(gain), where=useful)
    return float(min(slopes.max() * (1 + 1e-9) + 1e-300, 1e300))


def fill(q: Floats, c: Floats, budget: float, choices: Whole) -> Whole:
    """Spend what is left on upgrades, most quality for a unit of cost first, as long as one fits."""
    chosen = choices.copy()
    left = budget - float(c[np.arange(len(q)), chosen].sum())
    open_ = np.arange(len(q))
    for _ in range(PASSES):
        extra = c[open_] - c[open_, chosen[open_]][:, None]
        gain = q[open_] - q[open_, chosen[open_]][:, None]
        useful = (gain > 0) & (extra <= left)
        kept = useful.any(axis=1)
        open_, extra, gain, useful = open_[kept], extra[kept], gain[kept], useful[kept]
        if not len(open_):
            break
        rate = np.full(gain.shape, -np.inf)
        with np.errstate(over="ignore", divide="ignore"):
            np.divide(gain, np.maximum(extra, 0.0), out=rate, where=useful)
        best = rate.argmax(axis=1)
        rows = np.arange(len(open_))
        order = np.argsort(-rate[rows, best], kind="stable")
        steps = extra[rows, best][order]
        taken = order[: max(1, int((np.cumsum(steps) <= left).sum()))]
        chosen[open_[taken]] = best[taken]
        left -= float(extra[taken, best[taken]].sum())
    return chosen
