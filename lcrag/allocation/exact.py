"""The multiple-choice knapsack as an integer program."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Whole = NDArray[np.int64]
TOLERANCE = 2e-6  # HiGHS keeps a constraint within 1e-6 of the budget, which is scaled to 1


def solve(q: Floats, c: Floats, budget: float, seconds: float) -> tuple[Whole | None, float]:
    """Choices of the best assignment (``None`` if the time was too short to find one) and an upper bound of quality.

    HiGHS sometimes prints a line (``transformNewIntegerFeasibleSolution``); scipy has no option to turn it off.

    Args:
        q: quality, shape (questions, options); -inf where not available.
        c: cost, the same shape; inf where not available.
        budget: at least what the cheapest options cost together.
        seconds: time limit.
    """
    choices, bound = _solve_once(q, c, budget, seconds)
    if choices is not None and c[np.arange(len(q)), choices].sum() > budget:
        choices, _ = _solve_once(q, c, budget * (1 - TOLERANCE), seconds)
    return choices, bound


def _solve_once(q: Floats, c: Floats, budget: float, seconds: float) -> tuple[Whole | None, float]:
    from scipy.optimize import Bounds, LinearConstraint, milp
    from scipy.sparse import csr_array

    row, column = np.nonzero(np.isfinite(c))
    one_each = csr_array((np.ones(len(row)), (row, np.arange(len(row)))), shape=(len(q), len(row)))
    total_cost = csr_array((c[row, column] / budget)[None, :])
    result = milp(
        -q[row, column],
        integrality=np.ones(len(row)),
        bounds=Bounds(0, 1),
        constraints=[LinearConstraint(one_each, 1, 1), LinearConstraint(total_cost, -np.inf, 1)],
        options={"time_limit": seconds, "mip_rel_gap": 0},
    )
    bound = np.inf if result.mip_dual_bound is None else -float(result.mip_dual_bound)
    if result.x is None:
        return None, bound
    weights = np.full(c.shape, -1.0)
    weights[row, column] = result.x
    return weights.argmax(axis=1), bound
