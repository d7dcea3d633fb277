"""Keeping caps: what is spent, what calls in flight may still spend, and whether one more call fits."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace

from lcrag.errors import LcragError
from lcrag.runtime.caps import UNITS, Budget, Limits, OverBudget, amounts
from lcrag.schema import Usage

TOLERANCE = 1 + 1e-9  # for rounding errors in sums of fractions


@dataclass
class Meter:
    """What one question, ``count`` questions together, or the whole experiment has spent of its limits."""

    limits: Limits
    scope: str
    count: int = 1
    spent: dict[str, float] = field(default_factory=lambda: dict.fromkeys(UNITS, 0.0))
    reserved: dict[str, float] = field(default_factory=lambda: dict.fromkeys(UNITS, 0.0))
    _waiting: list[asyncio.Future[None]] = field(default_factory=list)

    def book(self, usage: Usage) -> None:
        """Count what was spent.

        Raises:
            LcragError: an amount that is limited is not known.
        """
        for unit, amount in amounts(usage).items():
            if amount is None and unit in self.limits.given:
                raise LcragError(
                    f"budget.{self.scope}.{unit} cannot be kept: the {unit} of what was spent are not known."
                )
            self.spent[unit] += amount or 0.0

    def fits(self, estimate: Usage) -> bool:
        """Whether a call fits beside those in flight, even if each of them spends all that it may.

        Raises:
            OverBudget: it does not even fit beside what is spent.
        """
        fits = True
        for unit, limit in self.limits.given.items():
            call, total = amounts(estimate)[unit] or 0.0, limit * self.count
            if self.spent[unit] + call > total * TOLERANCE:
                shared = f" for each of the {self.count} that share it" if self.count > 1 else ""
                raise OverBudget(
                    f"Over budget.{self.scope}.{unit} = {limit:,.10g}{shared}: {self.spent[unit]:,.6g} are spent and "
                    f"this call may take {call:,.6g} more, so it was not made; raise the cap or take less context.",
                    self.scope,
                    unit,
                )
            fits &= self.spent[unit] + self.reserved[unit] + call <= total * TOLERANCE
        return fits

    def reserve(self, estimate: Usage) -> None:
        """Set aside what a call may spend."""
        for unit, amount in amounts(estimate).items():
            self.reserved[unit] += amount or 0.0

    def release(self, estimate: Usage) -> None:
        """Give back what was set aside, and wake whoever waits for it."""
        for unit, amount in amounts(estimate).items():
            self.reserved[unit] -= amount or 0.0
        for waiting in self._waiting:
            if not waiting.done():
                waiting.set_result(None)
        self._waiting.clear()

    async def released(self) -> None:
        """Wait until a call in flight has ended."""
        waiting = asyncio.get_running_loop().create_future()
        self._waiting.append(waiting)
        await waiting


@asynccontextmanager
async def reserve(meters: Sequence[Meter], estimate: Usage) -> AsyncIterator[None]:
    """Reserve an estimate in every meter during a call; wait while only calls in flight stand in the way.

    Raises:
        OverBudget: the call could go over a cap.
    """
    while full := [meter for meter in meters if not meter.fits(estimate)]:
        await full[0].released()
    for meter in meters:
        meter.reserve(estimate)
    try:
        yield
    finally:
        for meter in meters:
            meter.release(estimate)


@dataclass
class Spending:
    """The experiment's side of a budget: its meter and the reader's pace."""

    budget: Budget
    paid: Usage = field(default_factory=Usage)

    def __post_init__(self) -> None:
        self.meter = Meter(self.budget.experiment, "experiment")

    def question(self, count: int = 1) -> tuple[Meter, ...]:
        """The meters of a question, or of something made once for ``count`` of them; none without a budget."""
        if not self.budget:
            return ()
        return (Meter(self.budget.question, "question", count), self.meter)

    def pay(self, usage: Usage) -> None:
        """Count what a call took, or what rows of an interrupted run took."""
        self.paid += usage
        self.meter.book(usage)

    def timed(self, usage: Usage) -> Usage:
        """An estimate with its seconds, at the calibrated or the mean pace so far."""
        tokens = self.paid.prompt_tokens + self.paid.completion_tokens
        mean = self.paid.seconds / tokens if tokens else 0.0
        pace = self.budget.seconds_per_token or mean
        return replace(usage, seconds=pace * (usage.prompt_tokens + usage.completion_tokens))
