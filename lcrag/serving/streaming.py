"""Telling an answer while it is written."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable
from dataclasses import dataclass, replace
from typing import Any

from langchain_core.runnables.utils import AddableDict

from lcrag.readers.base import Completion
from lcrag.readers.streaming import OnText, listening
from lcrag.routers.learning.router import ReplayableRouter
from lcrag.routers.llm import LLMRouter
from lcrag.routers.routed import Routed
from lcrag.runtime.toolbox import MeteredToolbox
from lcrag.schema import Answer, Question
from lcrag.strategies.base import Strategy, Toolbox
from lcrag.strategies.chunked_retrieval import ChunkedRetrieval
from lcrag.strategies.closed_book import ClosedBook
from lcrag.strategies.long_context import LongContext
from lcrag.strategies.memory import MemoryReading


def streams(strategy: Strategy) -> bool:
    """Whether the text of a strategy's only call is its answer as it stands.

    All others may still change what they write, or write it in the last of several calls: they are told at the end.
    """
    match strategy:
        case LongContext() | ChunkedRetrieval():
            return strategy.reasoning == "direct"
        case MemoryReading():
            return strategy.reading == "direct" and strategy.time != "reader"
        case _:
            return isinstance(strategy, ClosedBook)


@dataclass
class StreamingToolbox(MeteredToolbox):
    """A toolbox that tells what the reader writes, once the strategy that answers has begun.

    What is done in order to decide is not told.
    """

    on_text: OnText | None = None
    is_final: bool = False

    async def read(self, *args: Any, **settings: Any) -> Completion:
        """See ``Toolbox.read``."""
        if not self.is_final or self.on_text is None or settings.get("role", "read") != "read":
            return await super().read(*args, **settings)
        with listening(self.on_text):
            return await super().read(*args, **settings)


@dataclass(frozen=True)
class Told(Strategy):
    """A strategy whose answer is told while it is written."""

    strategy: Strategy

    @property
    def name(self) -> str:
        """The strategy's name."""
        return self.strategy.name

    async def answer(self, question: Question, tools: Toolbox) -> Answer:
        """The strategy's answer."""
        if isinstance(tools, StreamingToolbox):
            tools.is_final = True
        return await self.strategy.answer(question, tools)


def told(strategy: Strategy) -> Strategy:
    """The strategy, or those among which it routes, in such a way that answers are told where that is possible.

    A strategy that a router runs before it decides is not told: its answer may be rejected.
    """
    if isinstance(strategy, Routed):
        if not isinstance(strategy.router, ReplayableRouter | LLMRouter):  # it may run any strategy
            return strategy
        probes = strategy.router.probes if isinstance(strategy.router, ReplayableRouter) else ()
        routes = tuple(s if s.name in probes else told(s) for s in strategy.strategies)
        return replace(strategy, strategies=routes)
    return Told(strategy) if streams(strategy) else strategy


async def pieces(answer: Callable[[OnText], Awaitable[dict[str, Any]]]) -> AsyncGenerator[AddableDict, None]:
    """An application's result in pieces, which add up to it: the answer as it is written, then everything else.

    Args:
        answer: makes the result, and calls what it is given with each piece of text.
    """
    loop, queue = asyncio.get_running_loop(), asyncio.Queue[str | None]()
    task = asyncio.ensure_future(answer(lambda text: _put(loop, queue, text)))
    task.add_done_callback(lambda _: queue.put_nowait(None))
    is_told = False
    try:
        while (text := await queue.get()) is not None:
            is_told = True
            yield AddableDict(answer=text)
        result = await task
        if not is_told:
            yield AddableDict(answer=result["answer"])
        yield AddableDict({key: value for key, value in result.items() if key != "answer"})
    finally:
        task.cancel()


def _put(loop: asyncio.AbstractEventLoop, queue: asyncio.Queue[str | None], text: str) -> None:
    loop.call_soon_threadsafe(queue.put_nowait, text)
