"""Quality against budget, measured: P*(Lmax) of Yue et al. 2024 (arXiv 2410.04343, Eq. 1).

Theirs is selected on what it is reported on; here the selection is made on other documents and stands beside it.
"""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from lcrag.errors import LcragError
from lcrag.statistics import Interval, clustered_mean
from lcrag.tables import aligned, interval, known, wrapped

Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]


@dataclass(frozen=True)
class Point:
    """What one budget buys.

    Attributes:
        budget: the most that any question may take.
        selected: the option that was best on the development documents, empty if none fits.
        development: its mean there.
        test: its mean on the other documents, with its interval.
        oracle: the option that is best on the test documents themselves.
        oracle_test: its mean there: what the paper reports.
        fitting: how many options fit.
    """

    budget: float
    selected: str
    development: float
    test: Interval
    oracle: str
    oracle_test: Interval
    fitting: int


@dataclass(frozen=True)
class BudgetCurve:
    """``print(curve)`` is the table.

    Attributes:
        points: one for each budget.
        options: mean on all documents and largest cost of every option, by name.
        documents: of development and of test.
        questions: of development and of test.
        unit: of cost.
    """

    points: tuple[Point, ...]
    options: dict[str, tuple[float, float]]
    documents: tuple[int, int]
    questions: tuple[int, int]
    unit: str

    def __str__(self) -> str:
        rows = [["budget", "selected", "development", "test [95% CI]", "oracle", "test [95% CI]", "regret"]]
        for p in self.points:
            regret = p.oracle_test.mean - p.test.mean
            rows.append(
                [
                    f"{p.budget:,.6g}",
                    p.selected or "-",
                    known(p.development),
                    interval(p.test.mean, p.test.low, p.test.high),
                    p.oracle or "-",
                    interval(p.oracle_test.mean, p.oracle_test.low, p.oracle_test.high),
                    known(regret),
                ]
            )
        lines = aligned(rows)
        rule = "─" * max(map(len, lines))
        d, q = self.documents, self.questions
        note = (
            f"Selected on {q[0]} questions ({d[0]} documents), tested on {q[1]} ({d[1]} documents); an option fits "
            f"when no question takes more than the budget ({self.unit}). The oracle selects on the test itself."
        )
        return "\n".join([rule, lines[0], rule, *lines[1:], rule, *wrapped([note])])


def budget_curve(
    quality: ArrayLike,
    cost: ArrayLike,
    documents: Sequence[str],
    names: Sequence[str],
    budgets: Sequence[float],
    *,
    share: float = 0.5,
    unit: str = "tokens of effective context",
    confidence: float = 0.95,
    resamples: int = 9999,
    seed: int = 0,
) -> BudgetCurve:
    """For each budget the best option among those that keep to it on every question.

    Options are selected by their mean on development documents and reported on the others, beside the selection on the
    test itself. Of equally good options the cheaper is taken. Intervals are bootstrapped over documents.

    Args:
        quality: score of each option on each question, shape (questions, options); NaN where it was not scored.
        cost: what it took, such as ``note_effective_context`` of DRAG and IterDRAG, the same shape; NaN where it
            failed: an option that failed on a question fits no budget.
        documents: of each question.
        names: of the options.
        budgets: caps for a single question.
        share: of the documents for development.
        unit: of cost and budgets, for the table.
        confidence: coverage of the intervals.
        resamples: bootstrap samples.
        seed: of the split and the bootstrap.

    Raises:
        LcragError: shapes differ, fewer than two documents, no budget or one not above 0.
    """
    q, c = np.array(quality, float, ndmin=2), np.array(cost, float, ndmin=2)
    if q.shape != c.shape or q.shape != (len(documents), len(names)):
        raise LcragError(
            f"Quality has shape {q.shape}, cost {c.shape}, but there are {len(documents)} questions and {len(names)} "
            "options."
        )
    if not len(budgets) or not min(budgets) > 0:
        raise LcragError(f"Budgets of {list(budgets)}: give at least one, all above 0.")
    development = split(documents, share, seed)
    most = np.where(np.isnan(c).any(axis=0), np.inf, np.nan_to_num(c).max(axis=0))
    dev, test = _means(q[development]), _means(q[~development])

    def measured(option: int | None) -> Interval:
        if option is None:
            return Interval(np.nan, np.nan, np.nan, 0, 0, "no option fits")
        where = [d for d, in_development in zip(documents, development, strict=True) if not in_development]
        values = q[~development, option]
        return clustered_mean(values, where, confidence=confidence, resamples=resamples, seed=seed)

    points = []
    for budget in sorted(budgets):
        fits = most <= budget
        chosen, oracle = _best(dev, most, fits), _best(test, most, fits)
        points.append(
            Point(
                float(budget),
                "" if chosen is None else names[chosen],
                float("nan") if chosen is None else float(dev[chosen]),
                measured(chosen),
                "" if oracle is None else names[oracle],
                measured(oracle),
                int(fits.sum()),
            )
        )
    options = {name: (float(m), float(w)) for name, m, w in zip(names, _means(q), most, strict=True)}
    sizes = [
        len({d for d, i in zip(documents, development, strict=True) if i == side}) for side in (True, False)
    ]
    counts = int(development.sum()), int((~development).sum())
    return BudgetCurve(tuple(points), options, (sizes[0], sizes[1]), counts, unit)


def split(documents: Sequence[str], share: float = 0.5, seed: int = 0) -> Bools:
    """Which questions are for development: all those of a share of the documents, at least one and not all.

    Raises:
        LcragError: there are fewer than two documents, or the share is not between 0 and 1.
    """
    all_of_them = sorted(set(documents))
    if len(all_of_them) < 2:
        raise LcragError("One document cannot be split: selecting and testing need two at least.")
    if not 0 < share < 1:
        raise LcragError(f"share is {share}: it must be between 0 and 1.")
    random.Random(seed).shuffle(all_of_them)
    count = min(len(all_of_them) - 1, max(1, round(share * len(all_of_them))))
    chosen = set(all_of_them[:count])
    return np.array([d in chosen for d in documents])


def _means(q: Floats) -> Floats:
    """Mean of each option's known scores, NaN where there are none."""
    scored = ~np.isnan(q)
    with np.errstate(invalid="ignore"):
        return np.asarray(np.where(scored, q, 0.0).sum(axis=0) / scored.sum(axis=0), float)


def _best(means: Floats, most: Floats, fits: Bools) -> int | None:
    """The fitting option with the highest mean, the cheaper of equals."""
    able = np.flatnonzero(fits & ~np.isnan(means))
    return int(min(able, key=lambda i: (-means[i], most[i]))) if len(able) else None
