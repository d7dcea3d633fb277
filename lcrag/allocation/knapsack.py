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
EXACT = 4000  # questions times options up to which `auto` solves the integer program
SLACK = 1 + 1e-12  # sums of fractional costs are rounded


@dataclass(frozen=True)
class Assignment:
    """One option for each question.

    Attributes:
        choices: the option of each question, shape (questions,).
        quality: expected quality, summed over the questions.
        cost: cost, summed over the questions, never above the budget.
        bound: no assignment within the budget has more quality than this.
        gap: ``bound - quality``, at least 0.
        multiplier: quality that one more unit of cost would buy (lambda); 0 where the budget does not bind.
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

    ``exact`` solves a mixed-integer program (HiGHS through scipy). ``lagrangian`` finds a price of cost by bisection
    and spends what is left on the best upgrades that fit (Everett 1963; Sinha and Zoltners 1979); it takes seconds for
    a hundred thousand questions and bounds its distance to the optimum (``gap``). ``auto`` is ``exact`` for small
    problems and ``lagrangian`` for others.

    Args:
        quality: expected quality, shape (questions, options); NaN where an option is not available.
        cost: in one unit, the same shape; NaN where an option is not available.
        budget: for all questions together, in that unit.
        method: see above.
        seconds: time limit of the exact method; after it, ``gap`` bounds what a better assignment could gain.

    Raises:
        LcragError: the shapes differ, a cost is negative, a question has no option, or the budget is not above 0 or
            below what the cheapest options cost.
    """
    q, c = checked(quality, cost, budget)
    budget *= SLACK
    relaxed = dual(q, c, budget)
    rounded = fill(q, c, budget, relaxed.choices)
    small = q.size <= EXACT
    if method == "lagrangian" or (method == "auto" and not small):
        return _assignment(rounded, q, c, relaxed.bound, relaxed.multiplier, "lagrangian")
    from lcrag.allocation.exact import solve

    choices, bound = solve(q, c, budget, seconds)
    if choices is None or _sum(q, rounded) > _sum(q, choices):
        choices = rounded
    return _assignment(choices, q, c, min(bound, relaxed.bound), relaxed.multiplier, "exact")


def checked(quality: ArrayLike, cost: ArrayLike, budget: float) -> tuple[Floats, Floats]:
    """Quality and cost as from ``available``, after checking the budget.

    Raises:
        LcragError: see ``allocate``.
    """
    q, c = available(quality, cost)
    if isinstance(budget, bool) or not budget > 0:
        raise LcragError(f"A budget of {budget!r} buys nothing: give a number above 0.")
    cheapest = float(c.min(axis=1).sum())
    if cheapest > budget * SLACK:
        raise LcragError(
            f"The budget of {budget:,.6g} is {cheapest - budget:,.6g} below the {cheapest:,.6g} that the cheapest "
            "option of every question costs together: raise it, or leave questions out."
        )
    return q, c


def available(quality: ArrayLike, cost: ArrayLike) -> tuple[Floats, Floats]:
    """Quality and cost as arrays of shape (questions, options); quality -inf and cost inf where not available.

    Raises:
        LcragError: the shapes differ, a cost is negative, or a question has no option.
    """
    q, c = np.array(quality, float, ndmin=2), np.array(cost, float, ndmin=2)
    if q.shape != c.shape or q.ndim != 2 or not q.size:
        raise LcragError(
            f"Quality has shape {q.shape} and cost {c.shape}: both must be (questions, options), with at least "
            "one of each."
        )
    missing = np.isnan(q) | np.isnan(c)
    if (empty := np.flatnonzero(missing.all(axis=1))).size:
        raise LcragError(
            f"Question {empty[0]} (counted from 0) has no option with a known quality and cost: give it one, or leave "
            "it out."
        )
    given = ~missing
    if (c[given] < 0).any() or not (np.isfinite(c[given]).all() and np.isfinite(q[given]).all()):
        raise LcragError(
            "A cost is negative or an amount is not finite: give costs of at least 0, and NaN for what is "
            "not available."
        )
    q[missing], c[missing] = -np.inf, np.inf
    return q, c


def _sum(amounts: Floats, choices: Whole) -> float:
    return float(amounts[np.arange(len(choices)), choices].sum())


def _assignment(
    choices: Whole, q: Floats, c: Floats, bound: float, multiplier: float, method: str
) -> Assignment:
    quality, cost = _sum(q, choices), _sum(c, choices)
    bound = max(bound, quality)
    return Assignment(choices, quality, cost, bound, bound - quality, multiplier, method)
