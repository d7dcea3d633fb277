"""An event loop in a thread of its own, for callers that have none or another."""

from __future__ import annotations

import asyncio
import threading
import weakref
from collections.abc import AsyncGenerator, AsyncIterator, Coroutine, Iterator
from typing import Any, TypeVar

T = TypeVar("T")


class BackgroundLoop:
    """Runs coroutines on one loop, whatever loops its callers have; ends with its owner."""

    def __init__(self) -> None:
        self._loop = asyncio.new_event_loop()
        threading.Thread(target=self._loop.run_forever, name="lcrag-application", daemon=True).start()
        weakref.finalize(self, self._loop.call_soon_threadsafe, self._loop.stop)

    def run(self, work: Coroutine[Any, Any, T]) -> T:
        """Wait for the result."""
        return asyncio.run_coroutine_threadsafe(work, self._loop).result()

    async def await_(self, work: Coroutine[Any, Any, T]) -> T:
        """The same without blocking the caller's loop."""
        return await asyncio.wrap_future(asyncio.run_coroutine_threadsafe(work, self._loop))

    def iterate(self, items: AsyncGenerator[T, None]) -> Iterator[T]:
        """The items of a generator that runs on the loop; it ends when the caller stops asking."""
        try:
            while (item := self.run(_next(items))) is not END:
                yield item
        finally:
            self.run(_closed(items))

    async def aiterate(self, items: AsyncGenerator[T, None]) -> AsyncIterator[T]:
        """The same without blocking the caller's loop."""
        try:
            while (item := await self.await_(_next(items))) is not END:
                yield item
        finally:
            self._loop.call_soon_threadsafe(lambda: self._loop.create_task(_closed(items)))


END: Any = object()


async def _next(items: AsyncGenerator[T, None]) -> T:
    return await anext(items, END)


async def _closed(items: AsyncGenerator[Any, None]) -> None:
    await items.aclose()
