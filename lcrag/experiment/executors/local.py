"""The default executor: everything on one event loop in this process."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass

from lcrag.experiment.executors.base import Answer, Batch, check_concurrency, gather
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
                await gather(run_question(q, batch.strategy) for q in questions)

        await gather(run_batch(batch) for batch in batches if batch.questions)
