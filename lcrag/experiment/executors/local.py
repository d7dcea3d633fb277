"""The default executor: everything on one event loop in this process."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from lcrag.experiment.executors.base import Answer, Batch, check_concurrency
from lcrag.readers.base import Reader
from lcrag.schema import Question
from lcrag.strategies.base import Strategy


@dataclass(frozen=True)
class LocalExecutor:
    """Document by document, with as many questions and documents in flight as the reader takes."""

    async def run(self, batches: Sequence[Batch], answer: Answer, reader: Reader) -> None:
        """See ``Executor.run``."""
        check_concurrency(reader)
        questions_in_flight = asyncio.Semaphore(reader.max_concurrency)
        documents_in_flight = asyncio.Semaphore(reader.documents_in_flight)

        async def run_question(question: Question, strategy: Strategy) -> None:
            async with questions_in_flight:
                await answer(question, strategy)

        async def run_batch(batch: Batch) -> None:
            async with documents_in_flight:
                questions = list(batch.questions)
                if batch.leader and not reader.shares_prefix_in_batch:
                    await run_question(questions.pop(0), batch.strategy)
                await _gather(run_question(q, batch.strategy) for q in questions)

        await _gather(run_batch(batch) for batch in batches if batch.questions)


async def _gather(coroutines: Iterable[Coroutine[Any, Any, None]]) -> None:
    """Run all; when one fails, cancel and await the rest before the error goes on."""
    try:
        async with asyncio.TaskGroup() as group:
            for coroutine in coroutines:
                group.create_task(coroutine)
    except BaseExceptionGroup as errors:
        leaf: BaseException = errors
        while isinstance(leaf, BaseExceptionGroup):
            leaf = leaf.exceptions[0]
        raise leaf from None
