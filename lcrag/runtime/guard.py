"""The budget guard: it asks the reader, and refuses a call that could go over a cap before it is made."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

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
        scope: The row whose calls are journalled; empty where they are not.
        calls: The journalled calls that ``paid`` counts.
        used: The scope and the id of each journalled call, those that were given again included.
        prefixes: The KV prefixes that calls paid for which were given again.
        reused: How many calls a response cache answered.
        responses: The keys of the answers that a response cache holds.
        call_failed: Whether a call was refused or failed.
        booked: The reader's part of the toolbox's ledger. There a shared build counts with its share.
    """

    shared: Resources
    meters: Sequence[Meter] = ()
    parent: BudgetGuard | None = None
    scope: str = ""
    calls: list[str] = field(default_factory=list)
    used: list[tuple[str, str]] = field(default_factory=list)
    prefixes: list[str] = field(default_factory=list)
    reused: int = 0
    responses: list[str] = field(default_factory=list)
    call_failed: bool = False
    paid: Usage = field(default_factory=Usage)
    booked: Usage = field(default_factory=Usage)

    async def ask(self, request: Request) -> Completion:
        """The reader's answer to one request.

        Raises:
            OverBudget: the call could go over a cap, and was not made.
        """
        journal = self.shared.calls if self.scope else None
        if journal and (call := journal.take(self.scope, request)):  # paid for before the run was killed
            cost = self.shared.priced(call.replayed.usage)
            self.shared.note_replayed(request)
            self._count(cost)
            self._use(call.id, self.scope, call.completion.prefix_key)
            if call.id not in journal.counted:
                self._pay(cost, call.id)
            return call.replayed
        upper_bound = Usage()
        if self.meters:
            prompt = self.shared.reader.count_tokens(request.messages)
            tokens = Usage(prompt, completion_tokens=request.max_tokens, calls=1)
            upper_bound = self.shared.spending.timed(self.shared.priced(tokens))
        try:
            async with reserve(self.meters, upper_bound):
                completion = await self.shared.generate(request)
                self._respond(completion)
                if completion.from_response_cache:
                    return self._reuse(completion)
                rewarmed = completion.prefix_key in self.shared.paid_prefixes
                id = journal.record(self.scope, request, completion, rewarmed) if journal else ""
                self._use(id, self.scope)
                cost = self.shared.priced(completion.usage)
                self._count(cost)
                self.shared.spending.pay(cost)
                self._pay(cost, id)
        except BaseException:
            self._fail()
            raise
        return completion

    def for_part(self) -> BudgetGuard:
        """A guard for a part of the same question's work, under the same caps."""
        return BudgetGuard(self.shared, self.meters, self, self.scope)

    def for_build(self, questions: int) -> BudgetGuard:
        """A guard for what is built once for that many questions: it may spend the caps of all of them."""
        scope = self.shared.build_scope if self.scope else ""
        return BudgetGuard(self.shared, self.shared.spending.question(questions), self, scope)

    def book_share(self, usage: Usage) -> None:
        """Count a share of a build, or what was paid in an earlier run, as this question's."""
        self.booked += usage
        self._count(usage)

    def _count(self, usage: Usage) -> None:
        for meter in self.meters[:1]:
            meter.book(usage)

    def _pay(self, usage: Usage, call: str) -> None:
        self.paid += usage
        if call:
            self.calls.append(call)
        if self.parent is not None:
            self.parent._pay(usage, call)

    def _use(self, call: str, scope: str, prefix: str = "") -> None:
        self.used += [(scope, call)] if call else []
        self.prefixes += [prefix] if prefix else []
        if self.parent is not None:
            self.parent._use(call, scope, prefix)

    def _reuse(self, completion: Completion) -> Completion:
        """An answer of the response cache: the row counts what it cost, and nothing was spent now.

        The reader's memory does not hold its prefix; the row has paid for it.
        """
        self._count(self.shared.priced(completion.usage))
        self._use("", self.scope, completion.prefix_key)
        self.shared.paid_prefixes |= {completion.prefix_key} - {""}
        return replace(completion, prefix_key="", prefix_tokens=0)

    def _respond(self, completion: Completion) -> None:
        if completion.response_key:
            self.responses.append(completion.response_key)
            self.reused += completion.from_response_cache
            if self.parent is not None:
                self.parent._respond(completion)

    def _fail(self) -> None:
        self.call_failed = True
        if self.parent is not None:
            self.parent._fail()
