"""An event loop in a thread of its own, for callers that have none or another."""

from __future__ import annotations

import asyncio
import threading
import weakref
from collections.abc import Coroutine
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
