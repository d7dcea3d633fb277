"""The engine: runs every question through every strategy, document by document, and survives being killed."""

from __future__ import annotations

import asyncio
import hashlib
import json
from collections.abc import Callable, Iterable, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any

from lcrag.components.settings import settings
from lcrag.datasets.base import Dataset
from lcrag.errors import LcragError, ReaderUnavailable
from lcrag.experiment.journal import Journal
from lcrag.metrics.score import score
from lcrag.metrics.support import support
from lcrag.runtime.caps import OverBudget
from lcrag.runtime.guard import BudgetGuard
from lcrag.runtime.resources import Resources
from lcrag.runtime.toolbox import MeteredToolbox
from lcrag.schema import Outcome, Question
from lcrag.strategies.base import Strategy

ROW_VERSION = 1  # raise when scores or prompts of the same configuration would come out differently


@dataclass(frozen=True)
class Unit:
    """Questions of one strategy that run together; with a leader, the first goes ahead and warms the prefix."""

    strategy: Strategy
    questions: tuple[Question, ...]
    leader: bool


def units(questions: Sequence[Question], strategies: Sequence[Strategy]) -> list[Unit]:
    """Order the work by document, so that a document's KV is used up before the next one's is made."""
    by_document: dict[tuple[str, ...], list[Question]] = {}
    for question in questions:
        by_document.setdefault(question.document_ids, []).append(question)
    ordered = [
        Unit(strategy, tuple(group), leader=True)
        for group in by_document.values()
        for strategy in strategies
        if strategy.document_first
    ]
    together = tuple(q for group in by_document.values() for q in group)
    return [Unit(s, together, leader=False) for s in strategies if not s.document_first] + ordered


class Engine:
    """Runs one experiment's rows.

    Args:
        dataset: questions and documents.
        strategies: each with a name of its own.
        resources: reader, retriever, embedder, prices, seed.
        journal: where finished rows go.
        metric: the metric that becomes ``Outcome.score``.
        on_row: called with each outcome, also those found in the journal (``resumed`` is then true).
    """

    def __init__(
        self,
        dataset: Dataset,
        strategies: Sequence[Strategy],
        resources: Resources,
        journal: Journal,
        metric: str = "accuracy",
        on_row: Callable[[Outcome, bool], None] = lambda outcome, resumed: None,
    ) -> None:
        self.dataset, self.strategies, self.resources = dataset, strategies, resources
        self.journal, self.metric, self.on_row = journal, metric, on_row
        shared = [
            settings(x, identity=True) for x in (resources.reader, resources.retriever, resources.embedder)
        ]
        examples = [asdict(q) for q in dataset.demonstrations]
        parts = [ROW_VERSION, resources.seed, metric, *shared, *([examples] if examples else [])]
        self._run_key = json.dumps(parts, sort_keys=True, default=str)

    def key(self, question: Question, strategy: Strategy) -> str:
        """Names a row by everything that its content depends on."""
        parts = [self._run_key, settings(strategy, identity=True), asdict(question)]
        parts += [self.dataset.document(i).text for i in question.document_ids]
        return hashlib.sha256(json.dumps(parts, sort_keys=True, default=str).encode()).hexdigest()[:32]

    async def run(self) -> list[Outcome]:
        """Every (question, strategy) once; finished rows of the journal are taken over.

        Returns:
            Outcomes in the order of strategies and questions, whatever order they finished in.

        Raises:
            ReaderUnavailable: the reader cannot be used at all; finished rows are kept.
            LcragError: the journal cannot be written.
        """
        keys = {(q.id, s.name): self.key(q, s) for q in self.dataset.questions for s in self.strategies}
        self.resources.spending.pay(self.journal.paid)
        done = {k: self.journal.rows[k] for k in keys.values() if self._finished(k)}
        for key, row in done.items():
            self.resources.paid_prefixes |= set(self.journal.prefixes[key])
            self.on_row(row, True)
        open_ = [
            replace(
                unit, questions=tuple(q for q in unit.questions if keys[q.id, unit.strategy.name] not in done)
            )
            for unit in units(self.dataset.questions, self.strategies)
        ]
        slots = asyncio.Semaphore(self.resources.reader.max_concurrency)
        documents = asyncio.Semaphore(getattr(self.resources.reader, "documents_in_flight", 4))
        together = getattr(self.resources.reader, "shares_prefix_in_batch", False)

        async def one(question: Question, strategy: Strategy) -> None:
            async with slots:
                key = keys[question.id, strategy.name]
                done[key] = await self._row(key, question, strategy)

        async def unit_(unit: Unit) -> None:
            async with documents:
                questions = list(unit.questions)
                if unit.leader and questions and not together:
                    await one(questions.pop(0), unit.strategy)
                await gather(one(q, unit.strategy) for q in questions)

        await gather(unit_(unit) for unit in open_ if unit.questions)
        return [done[keys[q.id, s.name]] for s in self.strategies for q in self.dataset.questions]

    def _finished(self, key: str) -> bool:
        """Whether the journal has a row that need not be tried again; what this budget refused would be again."""
        row = self.journal.rows.get(key)
        refused = self.journal.refused.get(key)
        same = bool(refused) and refused == self.resources.budget.question.given
        return row is not None and (not row.error or same)

    async def _row(self, key: str, question: Question, strategy: Strategy) -> Outcome:
        tools = MeteredToolbox(
            self.resources, strategy.name, BudgetGuard(self.resources, self.resources.spending.question())
        )
        refused: dict[str, float] = {}
        row = Outcome(
            question.id,
            "+".join(question.document_ids),
            question.kind,
            strategy.name,
            self.resources.reader.name,
            self.resources.seed,
        )
        try:
            answer = await strategy.answer(question, tools)
            scores = score(question, answer)
            row = replace(
                row,
                answer=answer.text,
                declined=answer.declined,
                truncation=answer.truncation,
                notes={**answer.notes, **support(question.text, answer.text, answer.evidence)},
                scores=scores,
                score=scores.get(self.metric),
                steps=(*answer.steps, *tools.steps),
            )
        except ReaderUnavailable:
            raise
        except LcragError as error:
            if isinstance(error, OverBudget) and error.scope == "question":
                refused = self.resources.budget.question.given
            row = replace(row, error=str(error), steps=tuple(tools.steps))
        except Exception as error:  # one question must not take the others down with it
            row = replace(row, error=f"{type(error).__name__}: {error}", steps=tuple(tools.steps))
        row = replace(row, usage=tools.ledger, prompt_hash=tools.prompt_hash)
        self.journal.append(key, row, tools.warmed, tools.guard.paid, refused)
        self.on_row(row, False)
        return row


async def gather(work: Iterable[Any]) -> None:
    """Run all; when one fails, cancel and await the rest before the error goes on."""
    try:
        async with asyncio.TaskGroup() as group:
            for coroutine in work:
                group.create_task(coroutine)
    except BaseExceptionGroup as errors:
        leaf: BaseException = errors
        while isinstance(leaf, BaseExceptionGroup):
            leaf = leaf.exceptions[0]
        raise leaf from None
