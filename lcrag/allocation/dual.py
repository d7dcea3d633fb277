"""The Lagrangian of a multiple-choice knapsack: a price on cost instead of a budget."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Whole = NDArray[np.int64]
STEPS = 60  # of the bisection: the interval of multipliers shrinks by 2**60, beyond a float's 53 bits
PASSES = 64  # of the fill, which mostly ends after a few


@dataclass(frozen=True)
class Dual:
    """A solution of the dual problem.

    Attributes:
        multiplier: the price of a unit of cost, in quality, that gives the lowest bound.
        bound: no assignment within the budget has more quality.
        choices: the option of each question, within the budget, shape (questions,).
    """

    multiplier: float
    bound: float
    choices: Whole


def at(q: Floats, c: Floats, multiplier: float) -> Whole:
    """The best option of each question at a price of cost, shape (questions,); of equal options the cheapest.

    Args:
        q: quality, shape (questions, options); -inf where not available.
        c: cost, the same shape; inf where not available.
        multiplier: the price of a unit of cost in quality; finite, at least 0.
    """
    with np.errstate(invalid="ignore"):
        value = np.where(np.isfinite(c), q - multiplier * c, -np.inf)
    best = value.max(axis=1, keepdims=True)
    return np.asarray(np.where(value >= best, c, np.inf).argmin(axis=1), np.int64)


def dual(q: Floats, c: Floats, budget: float) -> Dual:
    """Bisect on the multiplier until the choices just fit the budget.

    A question with the same choice at both ends of the interval has it in between too, so it is settled and left out
    of further steps.

    Args:
        q: quality, as in ``at``.
        c: cost, as in ``at``.
        budget: at least what the cheapest options cost together.
    """
    # Sorted by cost: of equally good options argmax takes the first, which is the cheapest.
    order = np.argsort(c, axis=1, kind="stable")
    q = np.take_along_axis(q, order, axis=1)
    c = np.take_along_axis(c, order, axis=1)
    c[~np.isfinite(c)] = 0.0  # their quality is -inf
    low, high = 0.0, _steepest(q, c)
    dear, cheap = q.argmax(axis=1), (q - high * c).argmax(axis=1)
    rows = np.arange(len(q))

    def solution(choices: Whole, multiplier: float, bound: float) -> Dual:
        return Dual(multiplier, bound, order[rows, choices])

    if c[rows, dear].sum() <= budget:
        return solution(dear, 0.0, float(q[rows, dear].sum()))
    if c[rows, cheap].sum() > budget:  # only by rounding: the cheapest options fit
        cheap = np.zeros(len(q), np.int64)

    def bound_at(choices: Whole, multiplier: float) -> float:
        return float(q[rows, choices].sum() + multiplier * (budget - c[rows, choices].sum()))

    bound, multiplier = min((bound_at(dear, 0.0), 0.0), (bound_at(cheap, high), high))
    settled_q = settled_c = 0.0
    active = rows
    for _ in range(STEPS):
        same = dear[active] == cheap[active]
        if same.any():
            settled = active[same]
            settled_q += float(q[settled, cheap[settled]].sum())
            settled_c += float(c[settled, cheap[settled]].sum())
            active = active[~same]
        if not len(active):
            break
        middle = (low + high) / 2
        choices = (q[active] - middle * c[active]).argmax(axis=1)
        cost = settled_c + float(c[active, choices].sum())
        middle_bound = settled_q + float(q[active, choices].sum()) + middle * (budget - cost)
        if middle_bound <= bound:
            bound, multiplier = middle_bound, middle
        if cost <= budget:
            high = middle
            cheap[active] = choices
        else:
            low = middle
            dear[active] = choices
    return solution(cheap, multiplier, bound)


def _steepest(q: Floats, c: Floats) -> float:
    """A multiplier at which every question takes its cheapest option; options are sorted by cost."""
    gain, extra = q - q[:, :1], c - c[:, :1]
    useful = (gain > 0) & (extra > 0)
    with np.errstate(over="ignore"):
        slopes = np.divide(gain, extra, out=np.zeros_like(gain), where=useful)
    return float(min(slopes.max() * (1 + 1e-9) + 1e-300, 1e300))


def fill(q: Floats, c: Floats, budget: float, choices: Whole) -> Whole:
    """Spend what is left of the budget on upgrades, those with the most quality per unit of cost first.

    Args:
        q: quality, as in ``at``.
        c: cost, as in ``at``.
        budget: at least what the choices cost.
        choices: the option of each question, shape (questions,).
    """
    choices = choices.copy()
    left = budget - float(c[np.arange(len(q)), choices].sum())
    active = np.arange(len(q))
    for _ in range(PASSES):
        extra = c[active] - c[active, choices[active]][:, None]
        gain = q[active] - q[active, choices[active]][:, None]
        useful = (gain > 0) & (extra <= left)
        can_upgrade = useful.any(axis=1)
        active, useful = active[can_upgrade], useful[can_upgrade]
        extra, gain = extra[can_upgrade], gain[can_upgrade]
        if not len(active):
            break
        rate = np.full(gain.shape, -np.inf)
        with np.errstate(over="ignore", divide="ignore"):
            np.divide(gain, np.maximum(extra, 0.0), out=rate, where=useful)
        best = rate.argmax(axis=1)
        rows = np.arange(len(active))
        order = np.argsort(-rate[rows, best], kind="stable")
        affordable = int((np.cumsum(extra[rows, best][order]) <= left).sum())
        upgrades = order[: max(1, affordable)]
        choices[active[upgrades]] = best[upgrades]
        left -= float(extra[upgrades, best[upgrades]].sum())
    return choices
