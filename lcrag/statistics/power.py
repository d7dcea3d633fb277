"""Power of the paired sign-flip test by document: what a number of questions can show, and how many are needed.

The power is that of the test itself, on simulated tables: each document has its own mean difference, a question is won,
tied or lost, and the documents' sums are tested as in ``signs``. A formula for normal means would promise too much for
few documents, whose p-values are few and far between.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from itertools import product
from math import ceil, floor, nan, sqrt

import numpy as np
from numpy.typing import NDArray

from lcrag.statistics.clusters import Floats
from lcrag.statistics.signs import smallest_p
from lcrag.statistics.variation import Variation, design_effect

ALPHA, POWER = 0.05, 0.8
SIMULATIONS = 3000  # tables; the power's standard error is 0.7 points
EXACT = 12  # documents; up to these all assignments of signs are tried
STEP = 0.005  # smallest differences are found to half a point
MAX_DOCUMENTS = 150  # more documents are not simulated: the formula is as near there as a simulation
LARGEST_SHARE = 0.95  # of the variance that a document's mean can have at all


def even(questions: int, documents: int) -> tuple[int, ...]:
    """Questions on each document, as even as can be; no document without a question."""
    documents = min(documents, questions)
    each, more = divmod(questions, documents)
    return (each + 1,) * more + (each,) * (documents - more)


def min_documents(alpha: float = ALPHA, comparisons: int = 1) -> int:
    """The number of documents from which on the sign-flip test can give a p-value below ``alpha``."""
    return next((m for m in range(1, 64) if comparisons * smallest_p(m) < alpha), 0)


def power(
    difference: float,
    sizes: Sequence[int],
    given: Variation,
    *,
    alpha: float = ALPHA,
    comparisons: int = 1,
    seed: int = 0,
) -> float:
    """The probability that the two-sided sign-flip test shows this difference.

    Args:
        difference: the true mean difference, above 0 and at most 1.
        sizes: questions on each document.
        given: how differences vary.
        alpha: the test's level.
        comparisons: the number of tests that Holm corrects for. The first and hardest step counts: alpha / comparisons.
        seed: seeds the simulated tables.
    """
    level = alpha / comparisons
    if smallest_p(len(sizes)) >= level:
        return 0.0
    sums = _document_sums(difference, tuple(sizes), given, seed)
    return float((_p_values(sums) < level).mean())


def smallest_difference(
    sizes: Sequence[int],
    given: Variation,
    *,
    target: float = POWER,
    alpha: float = ALPHA,
    comparisons: int = 1,
) -> float:
    """The smallest true difference that is shown with the probability ``target``; NaN where none is.

    Args:
        sizes: questions on each document.
        given: how differences vary.
        target: the power that is asked for.
        alpha: the test's level.
        comparisons: the number of tests that Holm corrects for.
    """
    if not sizes or smallest_p(len(sizes)) >= alpha / comparisons or not given.variance >= 0:
        return nan
    if len(sizes) > MAX_DOCUMENTS:
        error = sqrt(given.variance * design_effect(sizes, given.correlation) / sum(sizes))
        return _quantiles(target, alpha / comparisons) * error + 1 / sum(sizes)
    return _smallest(tuple(sorted(sizes)), given, target, alpha, comparisons)


@lru_cache(maxsize=64)
def _smallest(
    sizes: tuple[int, ...], given: Variation, target: float, alpha: float, comparisons: int
) -> float:
    low, high = 0, round(1 / STEP)  # in steps; bisection between what is not shown and what is
    if power(1.0, sizes, given, alpha=alpha, comparisons=comparisons) < target:
        return nan
    while high - low > 1:
        middle = (low + high) // 2
        enough = power(middle * STEP, sizes, given, alpha=alpha, comparisons=comparisons) >= target
        low, high = (low, middle) if enough else (middle, high)
    return high * STEP


@lru_cache(maxsize=64)
def documents_needed(
    difference: float,
    each: int,
    given: Variation,
    *,
    target: float = POWER,
    alpha: float = ALPHA,
    comparisons: int = 1,
) -> int:
    """How many documents with ``each`` questions show this difference with the probability ``target``.

    Beyond ``MAX_DOCUMENTS`` the number n of questions follows from difference = (z(1 - alpha/2) + z(target)) *
    sqrt(variance * design effect / n) + 1 / n: Miller 2024, arXiv 2411.00640, section 5, with the design effect of
    clusters and the correction for steps (of a question won in place of lost).

    Args:
        difference: the true mean difference, above 0 and at most 1.
        each: questions on each document.
        given: how differences vary.
        target: the power that is asked for.
        alpha: the test's level.
        comparisons: the number of tests that Holm corrects for.
    """
    deff = design_effect([each], given.correlation)
    spread = _quantiles(target, alpha / comparisons) * sqrt(given.variance * deff)
    formula = ceil(((spread + sqrt(spread**2 + 4 * difference)) / (2 * difference)) ** 2 / each)
    if formula > MAX_DOCUMENTS:
        return formula
    low = min_documents(alpha, comparisons) - 1
    high = max(low + 1, floor(1.1 * formula))

    def enough(documents: int) -> bool:
        shown = power(difference, (each,) * documents, given, alpha=alpha, comparisons=comparisons)
        return shown >= target

    while not enough(high):
        low, high = high, ceil(1.25 * high)
    while high - low > max(1, high // 100):  # the power of more than a hundred is not known better
        middle = (low + high) // 2
        low, high = (low, middle) if enough(middle) else (middle, high)
    return high


def _quantiles(target: float, level: float) -> float:
    from scipy.special import ndtri

    return float(ndtri(1 - level / 2) + ndtri(target))


def _document_sums(difference: float, sizes: tuple[int, ...], given: Variation, seed: int) -> Floats:
    """Wins minus losses of each document in simulated tables, shape (simulations, documents).

    A question differs with the probability variance + difference², and is then won with a probability that each
    document draws from a beta distribution. Its spread gives the intraclass correlation, as far as one can be so large:
    where a strategy wins nearly always, documents cannot differ much.
    """
    rng, shape = np.random.default_rng(seed), (SIMULATIONS, len(sizes))
    variance = min(given.variance, (1 - difference**2) / 2)
    differs = max(variance + difference**2, difference)
    wins = (differs + difference) / (2 * differs)
    possible = wins * (1 - wins)
    spread = min(
        given.correlation * (differs - difference**2) / (4 * differs**2), LARGEST_SHARE * possible
    )  # variance of a document's share of wins
    shares = np.full(shape, wins)
    if spread > 0:
        strength = possible / spread - 1
        shares = rng.beta(wins * strength, (1 - wins) * strength, shape)
    different = rng.binomial(np.array(sizes), differs, shape)
    return (2 * rng.binomial(different, shares) - different).astype(np.float64)


def _p_values(sums: Floats) -> NDArray[np.float64]:
    """The sign-flip test's p-value of each table of whole sums, shape (simulations,).

    All assignments up to ``EXACT`` documents; beyond, the normal tail with the correction for the fourth cumulant
    (Edgeworth) and for steps of two: its power is within a point of the test's.
    """
    from scipy.special import ndtr

    observed = np.abs(sums.sum(axis=1))
    documents = sums.shape[1]
    if documents <= EXACT:
        signs = np.array(list(product((1, -1), repeat=documents - 1)), np.float32).reshape(-1, documents - 1)
        whole = sums.astype(np.float32)  # exact for whole numbers
        totals = np.abs(whole[:, :1] + whole[:, 1:] @ signs.T)
        return np.asarray((totals >= observed[:, None]).mean(axis=1))
    squares = np.maximum((sums**2).sum(axis=1), 1e-9)
    x = np.maximum(observed - 1, 0) / np.sqrt(squares)
    cumulant = -2 * (sums**4).sum(axis=1) / squares**2
    density = np.exp(-(x**2) / 2) / sqrt(2 * np.pi)
    return np.asarray(2 * (ndtr(-x) + density * cumulant / 24 * (x**3 - 3 * x)))
