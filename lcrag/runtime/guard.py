"""What a question's calls to the reader may take and took: caps are kept here, before each call."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from lcrag.readers.base import Completion, Request
from lcrag.runtime.meter import Meter, within
from lcrag.runtime.resources import Resources
from lcrag.schema import Usage


@dataclass
class BudgetGuard:
    """One toolbox's share of a budget.

    Attributes:
        shared: the run's reader, prices and budget.
        meters: the question's (or a build's), then the experiment's; none without a budget.
        payer: whoever set this work off pays as well.
        paid: what the calls took in fact, those for things made once for many questions undivided.
        booked: the reader's part of the toolbox's ledger; such things are divided there.
    """

    shared: Resources
    meters: Sequence[Meter] = ()
    payer: BudgetGuard | None = None
    paid: Usage = field(default_factory=Usage)
    booked: Usage = field(default_factory=Usage)

    async def ask(self, request: Request) -> Completion:
        """The reader's answer.

        Raises:
            OverBudget: the call could go over a cap, and was not made.
        """
        most = Usage()
        if self.meters:
            prompt = self.shared.reader.count_tokens(request.messages)
            most = self.shared.priced(Usage(prompt, completion_tokens=request.max_tokens, calls=1))
            most = self.shared.spending.timed(most)
        async with within(self.meters, most):
            completion = await self.shared.reader.generate(request)
            took = self.shared.priced(completion.usage)
            self._count(took)
            self.shared.spending.pay(took)
            self._pay(took)
        return completion

    def own(self) -> BudgetGuard:
        """For a part of the same question's work."""
        return BudgetGuard(self.shared, self.meters, self)

    def build(self, questions: int) -> BudgetGuard:
        """For something that is made once for that many questions, which may take the caps of all of them."""
        return BudgetGuard(self.shared, self.shared.spending.question(questions), self)

    def take(self, usage: Usage) -> None:
        """Count a share of what was built, or what was paid earlier, as the question's."""
        self.booked += usage
        self._count(usage)

    def _count(self, usage: Usage) -> None:
        for meter in self.meters[:1]:
            meter.book(usage)

    def _pay(self, usage: Usage) -> None:
        self.paid += usage
        if self.payer is not None:
            self.payer._pay(usage)
