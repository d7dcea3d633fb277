"""Sums from which the cost lines of strategies follow, so that one more answer changes them at once."""

from __future__ import annotations

import numpy as np

from lcrag.routers.learning.cost_lines import CostLines, Matrix

COLUMNS = 7  # see ``terms``
MIN_VARIANCE = (
    1e-9  # of documents' tokens, relative to their squared mean; below it they are all of one length
)


def terms(tokens: Matrix, costs: Matrix) -> Matrix:
    """What each cost adds: known cost, where tokens are known too: 1, tokens, squared, times cost, cost; 1 and cost.

    Args:
        tokens: of the documents, shape (N,); NaN where they are not known.
        costs: shape (N,), likewise.

    Returns:
        Shape (N, ``COLUMNS``): zeros where no cost is known.
    """
    known = ~np.isnan(costs)
    both = known & ~np.isnan(tokens)
    t, c = np.where(both, tokens, 0.0), np.where(both, costs, 0.0)
    columns = [known, np.where(known, costs, 0.0), both, t, t * t, t * c, c]
    return np.column_stack([np.asarray(column, np.float64) for column in columns])


def lines(strategies: tuple[str, ...], sums: Matrix) -> CostLines:
    """The least-squares lines, as ``CostLines.fit`` finds them.

    Args:
        strategies: names of the strategies, length A.
        sums: the sum of each strategy's ``terms``, shape (A, ``COLUMNS``).
    """
    means = [row[1] / row[0] for row in sums if row[0]]
    return CostLines(
        strategies, np.array([_line(row) for row in sums]), float(max(means, default=0.0)) or 1.0
    )


def _line(sums: Matrix) -> list[float]:
    """Constant, slope and mean tokens."""
    known, cost, both, tokens, squares, products, cost_of_both = map(float, sums)
    if not both:
        return [cost / known if known else 0.0, 0.0, 0.0]
    mean = tokens / both
    variance = squares / both - mean**2
    if both < 2 or variance <= MIN_VARIANCE * mean**2:
        return [cost / known, 0.0, mean]
    slope = (products / both - mean * cost_of_both / both) / variance
    return [cost_of_both / both - slope * mean, slope, mean]
