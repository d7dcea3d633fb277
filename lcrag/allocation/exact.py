"""The multiple-choice knapsack as an integer programme."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Whole = NDArray[np.int64]
TOLERANCE = 2e-6  # HiGHS takes a row as kept within 1e-6 of a budget scaled to 1


def solve(q: Floats, c: Floats, budget: float, seconds: float) -> tuple[Whole | None, float]:
    """Choices of the best assignment, ``None`` if there was no time to find one, and an upper bound.

    HiGHS writes a line of its own to standard output now and then (``transformNewIntegerFeasibleSolution``); no option
    that scipy has turns it off.

    Args:
        q: quality, shape (questions, options); -inf where not available.
        c: cost, the same shape; inf where not available.
        budget: at least what the cheapest options cost together.
        seconds: time limit.
    """
    choices, bound = _once(q, c, budget, seconds)
    if choices is not None and c[np.arange(len(q)), choices].sum() > budget:
        choices, _ = _once(q, c, budget * (1 - TOLERANCE), seconds)
    return choices, bound


def _once(q: Floats, c: Floats, budget: float, seconds: float) -> tuple[Whole | None, float]:
    from scipy.optimize import Bounds, LinearConstraint, milp
    from scipy.sparse import csr_array

    row, column = np.nonzero(np.isfinite(c))
    one = csr_array((np.ones(len(row)), (row, np.arange(len(row)))), shape=(len(q), len(row)))
    price = csr_array((c[row, column] / budget)[None, :])
    found = milp(
        -q[row, column],
        integrality=np.ones(len(row)),
        bounds=Bounds(0, 1),
        constraints=[LinearConstraint(one, 1, 1), LinearConstraint(price, -np.inf, 1)],
        options={"time_limit": seconds, "mip_rel_gap": 0},
    )
    bound = np.inf if found.mip_dual_bound is None else -float(found.mip_dual_bound)
    if found.x is None:
        return None, bound
    taken = np.full(c.shape, -1.0)
    taken[row, column] = found.x
    return taken.argmax(axis=1), bound
