"""One budget over many questions: which option each of them gets (a multiple-choice knapsack)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

from lcrag.allocation.dual import dual, fill
from lcrag.errors import LcragError

Floats = NDArray[np.float64]
Whole = NDArray[np.int64]
EXACT = 4000  # questions times options up to which `auto` solves the integer programme
SLACK = 1 + 1e-12


@dataclass(frozen=True)
class Assignment:
    """One option for each question.

    Attributes:
        choices: the option of each question, shape (questions,).
        quality: expected quality, summed over the questions.
        cost: what it costs together, never above the budget.
        bound: no assignment within the budget has more quality than this.
        gap: ``bound - quality``, at least 0.
        multiplier: quality that one more unit of cost would buy (lambda); 0 when the budget does not bind.
        method: ``exact`` or ``lagrangian``.
    """

    choices: Whole
    quality: float
    cost: float
    bound: float
    gap: float
    multiplier: float
    method: str


def allocate(
    quality: ArrayLike,
    cost: ArrayLike,
    budget: float,
    *,
    method: Literal["auto", "exact", "lagrangian"] = "auto",
    seconds: float = 30.0,
) -> Assignment:
    """Give every question one option, so that expected quality is highest within one budget.

    ``exact`` is a mixed-integer programme (HiGHS through scipy). ``lagrangian`` prices cost at a multiplier found by
    bisection and spends what is left on the best upgrades that fit (Everett 1963; Sinha and Zoltners 1979); it takes
    seconds for a hundred thousand questions and says how far from the optimum it can be at most. ``auto`` takes the
    first for small problems.

    Args:
        quality: expected quality, shape (questions, options); NaN where an option is not available.
        cost: in one unit, the same shape; NaN where an option is not available.
        budget: for all questions together, in that unit.
        method: how.
        seconds: time limit of the exact method; where it is reached, ``gap`` says what is left open.

    Raises:
        LcragError: the shapes differ, a cost is negative, a question has no option, or the budget is not above 0 or
            below what the cheapest options cost.
    """
    q, c = checked(quality, cost, budget)
    budget *= SLACK  # sums of fractions
    found = dual(q, c, budget)
    small = q.size <= EXACT
    if method == "lagrangian" or (method == "auto" and not small):
        return _assignment(
            fill(q, c, budget, found.choices), q, c, found.bound, found.multiplier, "lagrangian"
        )
    from lcrag.allocation.exact import solve

    choices, bound = solve(q, c, budget, seconds)
    rounded = fill(q, c, budget, found.choices)
    if choices is None or _sum(q, rounded) > _sum(q, choices):
        choices = rounded
    return _assignment(choices, q, c, min(bound, found.bound), found.multiplier, "exact")


def checked(quality: ArrayLike, cost: ArrayLike, budget: float) -> tuple[Floats, Floats]:
    """Both as arrays, options that are not available as quality -inf at infinite cost.

    Raises:
        LcragError: see ``allocate``.
    """
    q, c = available(quality, cost)
    if isinstance(budget, bool) or not budget > 0:
        raise LcragError(f"A budget of {budget!r} buys nothing: give a number above 0.")
    least = float(c.min(axis=1).sum())
    if least > budget * SLACK:
        raise LcragError(
            f"The budget of {budget:,.6g} is {least - budget:,.6g} below the {least:,.6g} that the cheapest option of "
            "every question costs together: raise it, or leave questions out."
        )
    return q, c


def available(quality: ArrayLike, cost: ArrayLike) -> tuple[Floats, Floats]:
    """Both as arrays, options that are not available as quality -inf at infinite cost.

    Raises:
        LcragError: the shapes differ, a cost is negative, or a question has no option.
    """
    q, c = np.array(quality, float, ndmin=2), np.array(cost, float, ndmin=2)
    if q.shape != c.shape or q.ndim != 2 or not q.size:
        raise LcragError(
            f"Quality has shape {q.shape} and cost {c.shape}: both must be (questions, options), none of them 0."
        )
    missing = np.isnan(q) | np.isnan(c)
    if (empty := np.flatnonzero(missing.all(axis=1))).size:
        raise LcragError(
            f"Question {empty[0]} (counted from 0) has no option with a known quality and cost: give it one, or leave "
            "it out."
        )
    known = ~missing
    if (c[known] < 0).any() or not (np.isfinite(c[known]).all() and np.isfinite(q[known]).all()):
        raise LcragError(
            "A cost is negative or an amount is not finite: costs are at least 0, NaN is not available."
        )
    q[missing], c[missing] = -np.inf, np.inf
    return q, c


def _sum(amounts: Floats, choices: Whole) -> float:
    return float(amounts[np.arange(len(choices)), choices].sum())


def _assignment(
    choices: Whole, q: Floats, c: Floats, bound: float, multiplier: float, method: str
) -> Assignment:
    value, spent = _sum(q, choices), _sum(c, choices)
    bound = max(bound, value)
    return Assignment(choices, value, spent, bound, bound - value, multiplier, method)
