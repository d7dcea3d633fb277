"""What a budget over all questions would have bought, replayed on outcomes that exist."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from lcrag.allocation.knapsack import allocate, available
from lcrag.errors import LcragError
from lcrag.statistics import Interval, clustered_mean
from lcrag.tables import aligned, interval, known, wrapped

Floats = NDArray[np.float64]
SHARES = (0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 1.0)


@dataclass(frozen=True)
class Share:
    """Mean quality at one budget; NaN where the budget buys no answer to every question.

    Attributes:
        share: of the cost of the reference option for every question.
        allocated: by predicted quality, reported in true quality, with its interval.
        spent: what that took, as a share of the reference's cost.
        random: the best lottery over two options that keeps to the budget in expectation, known in hindsight.
        fixed: the best single option that keeps to the budget.
        fixed_name: its name.
        oracle: allocated by true quality.
    """

    share: float
    allocated: Interval
    spent: float
    random: float
    fixed: float
    fixed_name: str
    oracle: float


@dataclass(frozen=True)
class Replay:
    """``print(replay)`` is the table; ``reference`` is the option whose cost is 100%, ``full`` its mean quality."""

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
        lines = aligned(rows)
        rule = "─" * max(map(len, lines))
        note = (
            f"{self.questions} questions; 100% is what {self.reference} costs on all of them (mean quality "
            f"{self.full:.3f}). Random mix and best fixed are picked in hindsight."
        )
        return "\n".join([rule, lines[0], rule, *lines[1:], rule, *wrapped([note])])


def replay_curve(
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
) -> Replay:
    """Quality at shares of one option's total cost, for the allocator and what it is held against.

    Args:
        predicted: expected quality, shape (questions, options), from a model that has not seen the question
            (cross-validated); NaN where not available.
        true: what the options gave in fact, the same shape.
        cost: what they cost, the same shape.
        names: of the options.
        reference: the option whose cost on all questions is 100% (long context).
        shares: of that cost.
        documents: of each question, for the interval; without them questions count as independent.
        resamples: bootstrap samples.
        seed: of the bootstrap.

    Raises:
        LcragError: bad input, an unknown reference, or one that is not available for every question.
    """
    if reference not in names:
        raise LcragError(f"There is no option {reference!r}: known are {', '.join(names)}.")
    if not shares or not min(shares) > 0:
        raise LcragError(f"Shares of {list(shares)}: give at least one, all above 0.")
    t, c = available(true, cost)
    p = np.array(predicted, float, ndmin=2)
    if p.shape != t.shape or t.shape[1] != len(names):
        raise LcragError(
            f"Predicted quality has shape {p.shape}, true quality {t.shape}, for {len(names)} options: they must agree."
        )
    p, t, c = (np.where(np.isfinite(c) & ~np.isnan(p), x, np.nan) for x in (p, t, c))
    whole = c[:, list(names).index(reference)].sum()
    if np.isnan(whole):
        raise LcragError(f"{reference} is not available for every question, so its cost is no reference.")
    clusters = [str(i) for i in range(len(t))] if documents is None else list(documents)

    def band(values: Floats) -> Interval:
        return clustered_mean(values, clusters, resamples=resamples, seed=seed)

    found = [_at(band, s, s * float(whole), float(whole), p, t, c, names) for s in shares]
    full = float(t[:, list(names).index(reference)].mean())
    return Replay(tuple(found), reference, full, len(t))


def _at(
    band: Callable[[Floats], Interval],
    share: float,
    budget: float,
    whole: float,
    p: Floats,
    t: Floats,
    c: Floats,
    names: Sequence[str],
) -> Share:
    rows = np.arange(len(t))
    affordable = np.nanmin(c, axis=1).sum() <= budget
    if affordable:
        chosen = allocate(p, c, budget)
        got = band(t[rows, chosen.choices])
        spent, oracle = chosen.cost / whole, allocate(t, c, budget).quality / len(t)
    else:
        got = Interval(np.nan, np.nan, np.nan, 0, 0, "the budget is below the cheapest options")
        spent = oracle = float("nan")
    means, totals = t.mean(axis=0), c.sum(axis=0)  # NaN for options that are not always available
    fits = [i for i in range(len(names)) if totals[i] <= budget * (1 + 1e-9)]
    best = max(fits, key=lambda i: means[i], default=None)
    return Share(
        share,
        got,
        spent,
        lottery(means, totals, budget),
        float("nan") if best is None else float(means[best]),
        "" if best is None else names[best],
        oracle,
    )


def lottery(quality: ArrayLike, cost: ArrayLike, budget: float) -> float:
    """The best expected quality of drawing between two options at random within a budget, NaN if none fits.

    The zero router of RouterBench (Hu et al. 2024, arXiv 2403.12031): the concave hull over single options.

    Args:
        quality: mean of each option, shape (options,); NaN is left out.
        cost: of each, shape (options,).
        budget: in the unit of cost.
    """
    points = [(float(x), float(y)) for x, y in zip(np.asarray(cost), np.asarray(quality), strict=True)]
    points = [(x, y) for x, y in points if not np.isnan(x + y)]
    under = [(x, y) for x, y in points if x <= budget * (1 + 1e-9)]
    over = [(x, y) for x, y in points if x > budget * (1 + 1e-9)]
    mixed = [y + max(0.0, budget - x) / (dear - x) * (better - y) for x, y in under for dear, better in over]
    return max([y for _, y in under] + mixed, default=float("nan"))
