"""Quality against budget, measured: P*(Lmax) of Yue et al. 2024 (arXiv 2410.04343, Eq. 1).

The paper selects and reports on the same questions. Here options are selected on other documents, and the paper's
selection stands beside them as the oracle.
"""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from lcrag.errors import LcragError
from lcrag.statistics import Interval, clustered_mean
from lcrag.tables import interval, known, ruled, wrapped

Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]


@dataclass(frozen=True)
class Point:
    """The best option within one budget.

    Attributes:
        budget: the amount that each question may take.
        selected: the option with the best mean on the development documents, empty if none fits.
        development: its mean on the development documents.
        test: its mean on the test documents, with its interval.
        oracle: the option with the best mean on the test documents themselves.
        oracle_test: its mean on the test documents; the paper reports this one.
        fitting: the number of options that fit.
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
    """Quality by budget; ``print(curve)`` is the table.

    Attributes:
        points: one entry for each budget, in ascending order.
        options: for each option its mean on all documents and its largest cost, by name.
        documents: the number of development and of test documents.
        questions: the number of development and of test questions.
        unit: the unit of cost.
    """

    points: tuple[Point, ...]
    options: dict[str, tuple[float, float]]
    documents: tuple[int, int]
    questions: tuple[int, int]
    unit: str

    def __str__(self) -> str:
        rows = [["budget", "selected", "development", "test [95% CI]", "oracle", "test [95% CI]", "regret"]]
        for p in self.points:
            rows.append(
                [
                    f"{p.budget:,.6g}",
                    p.selected or "-",
                    known(p.development),
                    interval(p.test.mean, p.test.low, p.test.high),
                    p.oracle or "-",
                    interval(p.oracle_test.mean, p.oracle_test.low, p.oracle_test.high),
                    known(p.oracle_test.mean - p.test.mean),
                ]
            )
        d, q = self.documents, self.questions
        note = (
            f"Selected on {q[0]} questions ({d[0]} documents), tested on {q[1]} ({d[1]} documents); an option fits "
            f"when no question takes more than the budget ({self.unit}). The oracle selects on the test itself."
        )
        return "\n".join([*ruled(rows), *wrapped([note])])


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

    Options are selected by their mean on development documents and evaluated on test documents. Of equally good
    options the cheaper is taken. Intervals are bootstrapped over documents.

    Args:
        quality: score of each option on each question, shape (questions, options); NaN where it was not scored.
        cost: cost of each option on each question, such as ``note_effective_context`` of DRAG and IterDRAG, the same
            shape; NaN where the option failed. An option that failed on a question fits no budget.
        documents: the document of each question.
        names: the options' names.
        budgets: amounts that a single question may take.
        share: the share of the documents for development.
        unit: the unit of cost and budgets, for the table.
        confidence: coverage of the intervals.
        resamples: number of bootstrap samples.
        seed: seeds the split and the bootstrap.

    Raises:
        LcragError: the shapes differ, there are fewer than two documents, or there is no budget or one not above 0.
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
    max_cost = np.where(np.isnan(c).any(axis=0), np.inf, np.nan_to_num(c).max(axis=0))
    dev, test = _means(q[development]), _means(q[~development])

    held_out = [d for d, i in zip(documents, development, strict=True) if not i]

    def test_mean(option: int | None) -> Interval:
        if option is None:
            return Interval(np.nan, np.nan, np.nan, 0, 0, "no option fits")
        return clustered_mean(
            q[~development, option], held_out, confidence=confidence, resamples=resamples, seed=seed
        )

    points = []
    for budget in sorted(budgets):
        fits = max_cost <= budget
        chosen, oracle = _best(dev, max_cost, fits), _best(test, max_cost, fits)
        points.append(
            Point(
                float(budget),
                "" if chosen is None else names[chosen],
                float("nan") if chosen is None else float(dev[chosen]),
                test_mean(chosen),
                "" if oracle is None else names[oracle],
                test_mean(oracle),
                int(fits.sum()),
            )
        )
    options = {name: (float(m), float(w)) for name, m, w in zip(names, _means(q), max_cost, strict=True)}
    tested = len(set(held_out))
    sizes = len(set(documents)) - tested, tested
    counts = int(development.sum()), int((~development).sum())
    return BudgetCurve(tuple(points), options, sizes, counts, unit)


def split(documents: Sequence[str], share: float = 0.5, seed: int = 0) -> Bools:
    """Which questions are for development, shape (questions,): those of a share of the documents, never of all.

    Raises:
        LcragError: there are fewer than two documents, or the share is not between 0 and 1.
    """
    names = sorted(set(documents))
    if len(names) < 2:
        raise LcragError("One document cannot be split: development and test need at least one each.")
    if not 0 < share < 1:
        raise LcragError(f"share is {share}: it must be between 0 and 1.")
    random.Random(seed).shuffle(names)
    count = min(len(names) - 1, max(1, round(share * len(names))))
    chosen = set(names[:count])
    return np.array([d in chosen for d in documents])


def _means(q: Floats) -> Floats:
    """Mean of each option's scores, NaN where it has none."""
    scored = ~np.isnan(q)
    with np.errstate(invalid="ignore"):
        return np.asarray(np.where(scored, q, 0.0).sum(axis=0) / scored.sum(axis=0), float)


def _best(means: Floats, max_cost: Floats, fits: Bools) -> int | None:
    """The option that fits with the highest mean; of equals the cheaper."""
    options = np.flatnonzero(fits & ~np.isnan(means))
    return int(min(options, key=lambda i: (-means[i], max_cost[i]))) if len(options) else None
