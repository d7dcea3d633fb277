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
    """Chooses an option for each question as it comes; the budget is never exceeded.

    Before each question the multiplier is solved again on the questions seen so far, for the remaining budget per
    remaining question (re-solving; Jasin and Kumar 2012, doi 10.1287/moor.1120.0537, for online linear programs). A
    reserve is kept for the cheapest options of all later questions.

    Attributes:
        total: the budget, in the unit of the costs.
        questions: the number of questions that will come.
        quality: expected quality of past questions to start from, shape (past questions, options), NaN where not
            available; may be empty.
        cost: their cost, the same shape.
        memory: the number of latest questions that the multiplier is solved on.
        spent: cost that is booked so far.
        seen: number of questions so far.
        multiplier: the price of a unit of cost, in quality, at the latest question.

    Raises:
        LcragError: the budget is not above 0, no question is to come, or the past questions are bad input.
    """

    total: float
    questions: int
    quality: ArrayLike = ()
    cost: ArrayLike = ()
    memory: int = 1000
    spent: float = field(default=0.0, init=False)
    seen: int = field(default=0, init=False)
    multiplier: float = field(default=0.0, init=False)
    _history: deque[tuple[Floats, Floats]] = field(init=False, repr=False)

    def __post_init__(self) -> None:
        if isinstance(self.total, bool) or not self.total > 0:
            raise LcragError(f"A budget of {self.total!r} buys nothing: give a number above 0.")
        if self.questions < 1:
            raise LcragError(f"{self.questions} questions are to come: give a number of at least 1.")
        rows = zip(*available(self.quality, self.cost), strict=True) if np.size(self.quality) else ()
        self._history = deque(rows, maxlen=self.memory)

    @property
    def left(self) -> float:
        """What is left of the budget."""
        return self.total - self.spent

    def choose(self, quality: ArrayLike, cost: ArrayLike) -> int:
        """Choose the option of the next question and book its cost.

        Args:
            quality: expected quality, shape (options,); NaN where not available.
            cost: expected cost, the same shape.

        Raises:
            LcragError: bad input, more questions than were announced, or no option within what is left.
        """
        q, c = available(np.atleast_2d(quality), np.atleast_2d(cost))
        if self.seen >= self.questions:
            raise LcragError(f"{self.questions} questions were announced and one more came: announce more.")
        self._history.append((q[0], c[0]))
        all_q, all_c = (np.array(rows) for rows in zip(*self._history, strict=True))
        after = self.questions - self.seen - 1
        cheapest = all_c.min(axis=1)
        budget = max(self.left / (after + 1) * len(cheapest), float(cheapest.sum()))
        self.multiplier = dual(all_q, all_c, budget).multiplier
        affordable = c <= max(self.left - _reserve(cheapest, after), float(cheapest[-1]))
        affordable &= c <= self.left * SLACK
        if not affordable.any():
            raise LcragError(
                f"Question {self.seen + 1} of {self.questions} costs at least {cheapest[-1]:,.6g}, but "
                f"{self.left:,.6g} of {self.total:,.6g} are left: raise the budget."
            )
        chosen = int(
            at(np.where(affordable, q, -np.inf), np.where(affordable, c, np.inf), self.multiplier)[0]
        )
        self.seen += 1
        self.spent += float(c[0, chosen])
        return chosen

    def settle(self, expected: float, actual: float) -> None:
        """Replace the expected cost of a question by its actual cost."""
        self.spent += actual - expected


def _reserve(cheapest: Floats, after: int) -> float:
    """Cost of the cheapest options of ``after`` more questions, three standard errors above the mean."""
    return float(min(after * cheapest.mean() + 3 * cheapest.std() * after**0.5, after * cheapest.max()))
