"""What an executor is given, and what it promises."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Coroutine, Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Protocol, runtime_checkable

from lcrag.errors import LcragError
from lcrag.readers.base import Reader
from lcrag.schema import Question
from lcrag.strategies.base import Strategy

Answer = Callable[[Question, Strategy], Awaitable[None]]


@dataclass(frozen=True)
class Batch:
    """Questions of one strategy that run together.

    With ``leader`` the first question goes ahead and warms the prefix of the document that all of them share.
    """

    strategy: Strategy
    questions: tuple[Question, ...]
    leader: bool


@runtime_checkable
class Executor(Protocol):
    """Runs batches."""

    async def run(self, batches: Sequence[Batch], answer: Answer, reader: Reader) -> None:
        """Call ``answer`` once for each question of each batch.

        Args:
            batches: The work, ordered so that a document's KV is used up before the next one's is made.
            answer: Answers one question by one strategy and journals the row. It raises only what must stop the run.
            reader: Says how many requests and documents may be in flight, and whether it needs a leader.

        Raises:
            BaseException: What ``answer`` raised, after everything else that was running has been cancelled.
        """


def check_concurrency(reader: Reader) -> None:
    """Refuse a reader that takes no request at all: a run would wait for ever.

    Raises:
        LcragError: ``max_concurrency`` or ``documents_in_flight`` is below 1.
    """
    for name in ("max_concurrency", "documents_in_flight"):
        if (number := getattr(reader, name)) < 1:
            raise LcragError(f"The reader {reader.name} has {name} = {number}: set it to 1 or more.")


async def gather(coroutines: Iterable[Coroutine[Any, Any, None]]) -> None:
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
