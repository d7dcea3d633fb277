"""The budget guard: it asks the reader, and refuses a call that could go over a cap before it is made."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from lcrag.readers.base import Completion, Request
from lcrag.runtime.meter import Meter, reserve
from lcrag.runtime.resources import Resources
from lcrag.schema import Usage


@dataclass
class BudgetGuard:
    """Keeps the caps of one question, or of something that is built for many questions.

    Attributes:
        shared: The run's reader, prices and budget.
        meters: The question's (or the build's) meter, then the experiment's; none without a budget.
        parent: The guard whose work set this work off; it counts these calls as paid, too.
        paid: What the calls have cost. A build that is shared by many questions counts in full.
        booked: The reader's part of the toolbox's ledger. There a shared build counts with its share.
    """

    shared: Resources
    meters: Sequence[Meter] = ()
    parent: BudgetGuard | None = None
    paid: Usage = field(default_factory=Usage)
    booked: Usage = field(default_factory=Usage)

    async def ask(self, request: Request) -> Completion:
        """The reader's answer to one request.

        Raises:
            OverBudget: the call could go over a cap, and was not made.
        """
        upper_bound = Usage()
        if self.meters:
            prompt = self.shared.reader.count_tokens(request.messages)
            tokens = Usage(prompt, completion_tokens=request.max_tokens, calls=1)
            upper_bound = self.shared.spending.timed(self.shared.priced(tokens))
        async with reserve(self.meters, upper_bound):
            completion = await self.shared.generate(request)
            cost = self.shared.priced(completion.usage)
            self._count(cost)
            self.shared.spending.pay(cost)
            self._pay(cost)
        return completion

    def for_part(self) -> BudgetGuard:
        """A guard for a part of the same question's work, under the same caps."""
        return BudgetGuard(self.shared, self.meters, self)

    def for_build(self, questions: int) -> BudgetGuard:
        """A guard for what is built once for that many questions: it may spend the caps of all of them."""
        return BudgetGuard(self.shared, self.shared.spending.question(questions), self)

    def book_share(self, usage: Usage) -> None:
        """Count a share of a build, or what was paid in an earlier run, as this question's."""
        self.booked += usage
        self._count(usage)

    def _count(self, usage: Usage) -> None:
        for meter in self.meters[:1]:
            meter.book(usage)

    def _pay(self, usage: Usage) -> None:
        self.paid += usage
        if self.parent is not None:
            self.parent._pay(usage)
