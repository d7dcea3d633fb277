"""What a budget over all questions would have bought, replayed on outcomes that exist."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from lcrag.allocation.knapsack import allocate, available
from lcrag.errors import LcragError
from lcrag.statistics import Interval, clustered_mean
from lcrag.tables import interval, known, ruled, wrapped

Floats = NDArray[np.float64]
SHARES = (0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 1.0)
ROUNDING = 1 + 1e-9  # a sum of costs may exceed the budget by this factor
NAN = float("nan")


@dataclass(frozen=True)
class Share:
    """Mean quality at one budget; NaN where the budget is too small to answer every question.

    Attributes:
        share: the budget as a share of what the reference option costs on all questions.
        allocated: true quality of the options that were allocated by predicted quality, with its interval.
        spent: what these options cost, as a share of the reference's cost.
        random: quality of the best random mix of two options within the budget, picked in hindsight.
        fixed: quality of the best single option within the budget, picked in hindsight.
        fixed_name: the name of that option, empty if none fits.
        oracle: quality if options are allocated by true quality.
    """

    share: float
    allocated: Interval
    spent: float
    random: float
    fixed: float
    fixed_name: str
    oracle: float


@dataclass(frozen=True)
class SavingsCurve:
    """Quality at shares of the reference's cost; ``print(curve)`` is the table.

    Attributes:
        shares: one entry for each budget.
        reference: the option whose cost on all questions is 100%.
        full: mean quality of the reference.
        questions: the number of questions.
    """

    shares: tuple[Share, ...]
    reference: str
    full: float
    questions: int

    def __str__(self) -> str:
        rows = [["budget", "allocated [95% CI]", "spent", "random mix", "best fixed", "", "oracle"]]
        for s in self.shares:
            rows.append(
                [
                    f"{s.share:.0%}",
                    interval(s.allocated.mean, s.allocated.low, s.allocated.high),
                    known(s.spent, ".0%"),
                    *(known(x) for x in (s.random, s.fixed)),
                    s.fixed_name or "-",
                    known(s.oracle),
                ]
            )
        note = (
            f"{self.questions} questions; 100% is what {self.reference} costs on all of them (mean quality "
            f"{self.full:.3f}). Random mix and best fixed are picked in hindsight."
        )
        return "\n".join([*ruled(rows), *wrapped([note])])


def savings_curve(
    predicted: ArrayLike,
    true: ArrayLike,
    cost: ArrayLike,
    names: Sequence[str],
    reference: str,
    *,
    shares: Sequence[float] = SHARES,
    documents: Sequence[str] | None = None,
    resamples: int = 9999,
    seed: int = 0,
) -> SavingsCurve:
    """Quality at shares of one option's total cost: the allocator beside a random mix, the best fixed, the oracle.

    Args:
        predicted: expected quality, shape (questions, options), from a model that was not fitted on the question
            (cross-validated); NaN where an option is not available.
        true: measured quality, the same shape.
        cost: measured cost, the same shape.
        names: the options' names.
        reference: the option whose cost on all questions is 100% (long context).
        shares: budgets as shares of that cost.
        documents: the document of each question, which the interval is clustered by; without them questions count
            as independent.
        resamples: number of bootstrap samples.
        seed: seeds the bootstrap.

    Raises:
        LcragError: bad input, an unknown reference, or one that is not available for every question.
    """
    if reference not in names:
        raise LcragError(f"There is no option {reference!r}: the options are {', '.join(names)}.")
    if not shares or not min(shares) > 0:
        raise LcragError(f"Shares of {list(shares)}: give at least one, all above 0.")
    t, c = available(true, cost)
    p = np.array(predicted, float, ndmin=2)
    if p.shape != t.shape or t.shape[1] != len(names):
        raise LcragError(
            f"Predicted quality has shape {p.shape}, true quality {t.shape}, for {len(names)} options: they must agree."
        )
    p, t, c = (np.where(np.isfinite(c) & ~np.isnan(p), x, np.nan) for x in (p, t, c))
    column = list(names).index(reference)
    full_cost = float(c[:, column].sum())
    if np.isnan(full_cost):
        raise LcragError(f"{reference} is not available for every question, so its cost is not a reference.")
    clusters = [str(i) for i in range(len(t))] if documents is None else list(documents)
    means, totals = t.mean(axis=0), c.sum(axis=0)  # NaN for options that are not available for every question

    def at(share: float) -> Share:
        budget = share * full_cost
        allocated = Interval(NAN, NAN, NAN, 0, 0, "the budget is below the cheapest options")
        spent = oracle = NAN
        if np.nanmin(c, axis=1).sum() <= budget:
            assignment = allocate(p, c, budget)
            scores = t[np.arange(len(t)), assignment.choices]
            allocated = clustered_mean(scores, clusters, resamples=resamples, seed=seed)
            spent, oracle = assignment.cost / full_cost, allocate(t, c, budget).quality / len(t)
        fitting = [i for i in range(len(names)) if totals[i] <= budget * ROUNDING]
        best = max(fitting, key=lambda i: means[i], default=None)
        fixed, fixed_name = (NAN, "") if best is None else (float(means[best]), names[best])
        return Share(share, allocated, spent, lottery(means, totals, budget), fixed, fixed_name, oracle)

    return SavingsCurve(tuple(map(at, shares)), reference, float(t[:, column].mean()), len(t))


def lottery(quality: ArrayLike, cost: ArrayLike, budget: float) -> float:
    """The best expected quality of a random choice between two options within a budget; NaN if none fits.

    The zero router of RouterBench (Hu et al. 2024, arXiv 2403.12031): the concave hull over single options.

    Args:
        quality: mean quality of each option, shape (options,); an option with NaN is left out.
        cost: the cost of each option, the same shape.
        budget: in the unit of cost.
    """
    points = [(float(x), float(y)) for x, y in zip(np.asarray(cost), np.asarray(quality), strict=True)]
    points = [(x, y) for x, y in points if not np.isnan(x + y)]
    within = [(x, y) for x, y in points if x <= budget * ROUNDING]
    above = [(x, y) for x, y in points if x > budget * ROUNDING]
    mixed = [y + max(0.0, budget - x) / (x2 - x) * (y2 - y) for x, y in within for x2, y2 in above]
    return max([y for _, y in within] + mixed, default=NAN)
