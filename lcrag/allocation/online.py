"""A budget over questions that come one at a time: the price of cost moves with what is left."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import ArrayLike, NDArray

from lcrag.allocation.dual import at, dual
from lcrag.allocation.knapsack import SLACK, available
from lcrag.errors import LcragError

Floats = NDArray[np.float64]


@dataclass
class OnlineAllocator:
    """Chooses for each question as it comes; the budget is never exceeded.

    Before each question the multiplier is solved again, on the questions known so far, for what is left of the budget
    for each question that is left (re-solving; Jasin and Kumar 2012, doi 10.1287/moor.1120.0537, show it for online
    linear programmes). What the cheapest options of all later questions will probably cost is kept back.

    Attributes:
        total: the budget, in the unit of the costs.
        questions: how many will come.
        quality: of known questions to start from, shape (known, options), NaN where not available; may be empty.
        cost: of the same.
        memory: how many questions are remembered.

    Raises:
        LcragError: the budget is not above 0, no question is to come, or the known questions are bad input.
    """

    total: float
    questions: int
    quality: ArrayLike = ()
    cost: ArrayLike = ()
    memory: int = 1000
    spent: float = field(default=0.0, init=False)
    seen: int = field(default=0, init=False)
    multiplier: float = field(default=0.0, init=False)
    _known: deque[tuple[Floats, Floats]] = field(init=False, repr=False)

    def __post_init__(self) -> None:
        if isinstance(self.total, bool) or not self.total > 0:
            raise LcragError(f"A budget of {self.total!r} buys nothing: give a number above 0.")
        if self.questions < 1:
            raise LcragError(f"{self.questions} questions are to come: give a number of at least 1.")
        known = np.size(self.quality) > 0
        rows = zip(*available(self.quality, self.cost), strict=True) if known else ()
        self._known = deque(rows, maxlen=self.memory)

    @property
    def left(self) -> float:
        """What is left of the budget."""
        return self.total - self.spent

    def choose(self, quality: ArrayLike, cost: ArrayLike) -> int:
        """The option for the next question, and its cost is booked.

        Args:
            quality: expected, shape (options,); NaN where not available.
            cost: the same shape.

        Raises:
            LcragError: bad input, more questions than were announced, or nothing fits into what is left.
        """
        q, c = available(np.atleast_2d(quality), np.atleast_2d(cost))
        if self.seen >= self.questions:
            raise LcragError(f"{self.questions} questions were announced and one more came: announce more.")
        self._known.append((q[0], c[0]))
        all_q, all_c = (np.array(rows) for rows in zip(*self._known, strict=True))
        after = self.questions - self.seen - 1
        least = all_c.min(axis=1)
        share = self.left / (after + 1)
        budget = max(share * len(least), float(least.sum()))
        self.multiplier = dual(all_q, all_c, budget).multiplier
        affordable = c <= max(self.left - _reserve(least, after), float(least[-1]))
        affordable &= c <= self.left * SLACK
        if not affordable.any():
            raise LcragError(
                f"Question {self.seen + 1} of {self.questions} costs at least {least[-1]:,.6g}, but {self.left:,.6g} "
                f"of {self.total:,.6g} are left: raise the budget."
            )
        chosen = int(
            at(np.where(affordable, q, -np.inf), np.where(affordable, c, np.inf), self.multiplier)[0]
        )
        self.seen += 1
        self.spent += float(c[0, chosen])
        return chosen

    def settle(self, expected: float, actual: float) -> None:
        """Replace what a question was expected to cost by what it cost in fact."""
        self.spent += actual - expected


def _reserve(least: Floats, after: int) -> float:
    """What the cheapest options of ``after`` more questions cost, three standard errors above the mean."""
    return float(min(after * least.mean() + 3 * least.std() * after**0.5, after * least.max()))
