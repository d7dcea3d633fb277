"""The engine: answers every question by every strategy, document by document, and survives being killed."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Sequence
from dataclasses import replace

from lcrag.errors import LcragError, ReaderUnavailable
from lcrag.experiment.executors.base import Batch
from lcrag.experiment.journal import Journal
from lcrag.experiment.plan import Plan
from lcrag.experiment.row_keys import RowKeys
from lcrag.judging.scoring import scored
from lcrag.metrics.score import score
from lcrag.metrics.support import support
from lcrag.readers.response_cache import ResponseCache
from lcrag.redaction import redact
from lcrag.runtime.caps import OverBudget
from lcrag.runtime.guard import BudgetGuard
from lcrag.runtime.resources import Resources
from lcrag.runtime.toolbox import MeteredToolbox
from lcrag.schema import Outcome, Question
from lcrag.strategies.base import Strategy

REUSED = "from_response_cache"  # the note that says how many calls of a row a response cache answered


def batches(questions: Sequence[Question], strategies: Sequence[Strategy]) -> list[Batch]:
    """Order the work by document, so that a document's KV is used up before the next one's is made."""
    by_document: dict[tuple[str, ...], list[Question]] = {}
    for question in questions:
        by_document.setdefault(question.document_ids, []).append(question)
    ordered = [
        Batch(strategy, tuple(group), leader=True)
        for group in by_document.values()
        for strategy in strategies
        if strategy.document_first
    ]
    together = tuple(q for group in by_document.values() for q in group)
    return [Batch(s, together, leader=False) for s in strategies if not s.document_first] + ordered


class Engine:
    """Runs one experiment's rows.

    Args:
        plan: what is compared on what.
        resources: reader, retriever, embedder, prices, seed.
        journal: where finished rows go.
        on_row: called with each outcome, also those found in the journal (``resumed`` is then true).
    """

    def __init__(
        self,
        plan: Plan,
        resources: Resources,
        journal: Journal,
        on_row: Callable[[Outcome, bool], None] = lambda outcome, resumed: None,
    ) -> None:
        self.plan, self.resources, self.journal, self.on_row = plan, resources, journal, on_row

    def _keys(self) -> dict[tuple[str, str], str]:
        """The key of each row, by question and strategy."""
        calls = self.resources.calls.calls if self.resources.calls else []
        stored = {*self.journal.content.rows, *(call.scope for call in calls)}
        row_keys = RowKeys(self.plan, self.resources, stored - {self.resources.build_scope})
        return {
            (question.id, strategy): key
            for question in self.plan.dataset.questions
            for strategy, key in row_keys.of(question).items()
        }

    async def run(self) -> list[Outcome]:
        """Every (question, strategy) once; finished rows of the journal are taken over.

        Returns:
            Outcomes in the order of strategies and questions, whatever order they finished in.

        Raises:
            ReaderUnavailable: the reader cannot be used at all; finished rows are kept.
            LcragError: the journal cannot be written.
        """
        questions, strategies = self.plan.dataset.questions, self.plan.strategies
        keys = self._keys()
        self.resources.spending.pay(self.journal.content.paid)
        self._take_over_calls()
        is_cut = any(row.truncation for row in self.journal.content.rows.values())
        window = self._window() if is_cut else 0  # asked of the server once, not for each row
        finished = {
            key: self._rescored(key, question)
            for question in questions
            for key in (keys[question.id, s.name] for s in strategies)
            if self._is_finished(key, window)
        }
        for key, row in finished.items():
            self.resources.note_paid(row.usage, self.journal.content.prefixes.get(key, ()))
            self.on_row(row, True)

        def missing(batch: Batch) -> Batch:
            rest = (q for q in batch.questions if keys[q.id, batch.strategy.name] not in finished)
            return replace(batch, questions=tuple(rest))

        async def answer(question: Question, strategy: Strategy) -> None:
            key = keys[question.id, strategy.name]
            finished[key] = await self._row(key, question, strategy)

        work = [b for b in map(missing, batches(questions, strategies)) if b.questions]
        if work:  # a missing key or a window that is not known stops a run before its first call
            self.resources.reader.check()
            _ = self.resources.reader.context_window
        try:
            await self.plan.executor.run(work, answer, self.resources.reader)
        finally:
            await self._end_builds()
        if self.resources.calls and not any(finished[k].error for k in keys.values()):
            self.resources.calls.settle()
        return [finished[keys[q.id, s.name]] for s in strategies for q in questions]

    async def _end_builds(self) -> None:
        """Cancel what is still built for rows that were cancelled or over their deadline: nothing is left running."""
        running = {name: build for name, build in self.resources.built.items() if not build.done()}
        for name, build in running.items():
            build.cancel()
            del self.resources.built[name]  # whoever needs it later builds it anew
        await asyncio.gather(*running.values(), return_exceptions=True)

    def _take_over_calls(self) -> None:
        """Count what calls of rows that were not finished have cost, and the prefixes that they paid for."""
        shared, journal = self.resources, self.resources.calls
        if journal is None:
            return
        for call in journal.calls:
            shared.paid_prefixes |= {call.completion.prefix_key} - {""}
            if call.id not in journal.counted:
                shared.spending.pay(shared.priced(call.replayed.usage))

    def _forget(self, guard: BudgetGuard, key: str) -> None:
        """Make calls again whose answers a row, or a build, could not use: the same answers would fail again."""
        built = self.resources.built.values()
        build_failed = any(b.done() and not b.cancelled() and b.exception() for b in built)
        if self.resources.calls:
            used = [id for scope, id in guard.used if scope == key or build_failed]
            self.resources.calls.forget(used)
        if isinstance(self.resources.reader, ResponseCache):
            self.resources.reader.forget(guard.responses)

    def _is_finished(self, key: str, window: int) -> bool:
        """Whether the journal has the row, and it did not fail or was refused by this same budget.

        A row whose context was cut must have been cut to this window; it stays where that is not known (0).
        """
        row = self.journal.content.rows.get(key)
        if row and row.truncation and window not in {0, self.journal.content.windows.get(key, 0)}:
            return False
        refused = self.journal.content.refused.get(key)
        same_budget = bool(refused) and refused == self.resources.budget.question.given
        return row is not None and (not row.error or same_budget)

    def _rescored(self, key: str, question: Question) -> Outcome:
        """The journal's row with the scores of this plan's metrics, which are no part of a row's identity."""
        row = self.journal.content.rows[key]
        if not self.plan.own_metrics and row.score == row.scores.get(self.plan.deciding):
            return row
        try:
            return scored(row, question, self.plan.own_metrics, self.plan.deciding)
        except Exception as error:  # the user's own code may raise anything
            return replace(row, score=None, error=redact(f"{type(error).__name__}: {error}"))

    def _window(self) -> int:
        """The reader's context window; 0 where it is not known, as when the server of a finished run is gone."""
        try:
            return self.resources.reader.context_window
        except LcragError:
            return 0

    @property
    def _late(self) -> str:
        seconds = self.plan.deadline_s
        return f"It took longer than its deadline of {seconds} seconds: raise deadline_s, or run again."

    async def _row(self, key: str, question: Question, strategy: Strategy) -> Outcome:
        begun = time.time()
        guard = BudgetGuard(self.resources, self.resources.spending.question(), scope=key)
        tools = MeteredToolbox(self.resources, strategy.name, guard)
        refused: dict[str, float] = {}
        row = Outcome(
            question.id,
            "+".join(question.document_ids),
            question.kind,
            strategy.name,
            self.resources.reader.name,
            self.resources.seed,
            closed_book=strategy.closed_book,
            batch_invariant=self.resources.reader.batch_invariant,
        )
        deadline = asyncio.timeout(self.plan.deadline_s)
        try:
            async with deadline:
                answer = await strategy.answer(question, tools)
            row = replace(
                row,
                answer=answer.text,
                declined=answer.declined,
                truncation=answer.truncation,
                finish_reason=tools.finish_reason,
                notes={
                    **answer.notes,
                    **support(question.text, answer.text, answer.evidence),
                    **({REUSED: guard.reused} if guard.reused else {}),
                },
                scores=score(question, answer),
                steps=(*answer.steps, *tools.steps),
                evidence=answer.evidence,
                quotes=answer.quotes,
            )
            row = scored(row, question, self.plan.own_metrics, self.plan.deciding)
        except ReaderUnavailable:
            raise
        except LcragError as error:
            if isinstance(error, OverBudget) and error.scope == "question":
                refused = self.resources.budget.question.given
            row = replace(row, error=redact(str(error)), steps=tuple(tools.steps))
        except Exception as error:  # one question must not take the others down with it
            told = self._late if deadline.expired() else redact(f"{type(error).__name__}: {error}")
            row = replace(row, error=told, steps=tuple(tools.steps))
        row = replace(row, usage=tools.ledger, prompt_hash=tools.prompt_hash)
        if row.error and not guard.call_failed and not deadline.expired():
            self._forget(guard, key)
        prefixes = [*tools.warmed, *guard.prefixes]
        window = self._window() if row.truncation else 0
        self.journal.append(key, row, prefixes, guard.paid, refused, guard.calls, window, begun)
        self.on_row(row, False)
        return row
