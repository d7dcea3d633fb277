"""The default executor: everything on one event loop in this process."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Literal

from lcrag.errors import LcragError
from lcrag.experiment.executors.base import Answer, Batch, check_concurrency, gather
from lcrag.readers.base import Reader
from lcrag.readers.flow import Gate, OnServer, start_flow
from lcrag.schema import Question
from lcrag.strategies.base import Strategy


@dataclass(frozen=True)
class LocalExecutor:
    """Document by document, with as many questions and documents in flight as the reader takes.

    Attributes:
        concurrency: How many questions may be in flight, at most the reader's ``max_concurrency``, the default.
            ``auto`` finds how many requests the reader's host takes: from a few on more, fewer after a refusal (429,
            503), a timeout, or where more at once brought no more answers. Readers on the same host share what was
            found; a reader in this process has its ``max_concurrency``.
        min_concurrency: How few requests ``auto`` may go down to.

    Raises:
        LcragError: a number below 1.
    """

    concurrency: int | Literal["auto"] | None = None
    min_concurrency: int = 1

    def __post_init__(self) -> None:
        for name in ("concurrency", "min_concurrency"):
            number = getattr(self, name)
            if isinstance(number, int) and number < 1:
                raise LcragError(f"The executor has {name} = {number}: set it to 1 or more.")

    async def run(self, batches: Sequence[Batch], answer: Answer, reader: Reader) -> None:
        """See ``Executor.run``."""
        check_concurrency(reader)
        questions_in_flight = Gate(self._capacity(reader))
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

    def _capacity(self, reader: Reader) -> Callable[[], int]:
        """How many questions may be in flight; with ``auto`` one more than requests, so that one always waits."""
        limit = reader.max_concurrency
        if isinstance(self.concurrency, int):
            limit = min(limit, self.concurrency)
        elif self.concurrency == "auto" and isinstance(reader, OnServer) and reader.host:
            flow = start_flow(reader.host, min(self.min_concurrency, limit), limit)
            return lambda: min(limit, flow.limit + 1)
        return lambda: limit
