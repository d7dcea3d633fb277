"""Where models run: on one thread of this process, or in another process that an executor has chosen.

Every thread that calls torch gets a pool of OpenMP workers of its own. With more workers than cores
they sleep between operations instead of waiting for the next one, and decoding takes twice as long.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor
from contextvars import ContextVar
from typing import Any, ParamSpec, Protocol, TypeVar

P = ParamSpec("P")
T = TypeVar("T")
_THREAD = ThreadPoolExecutor(1, "lcrag-local")


class Place(Protocol):
    """Another process that does the model work of some questions."""

    @property
    def slots(self) -> asyncio.Semaphore:
        """Bounds the requests that its reader has in flight."""

    @property
    def lost_prefixes(self) -> set[str]:
        """The KV prefixes (``Completion.prefix_key``) that were computed in processes that have died."""

    async def run(self, work: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
        """Do ``work`` there, a function or a coroutine function, and return its result or raise its error."""


place: ContextVar[Place | None] = ContextVar(
    "place", default=None
)  # an executor sets it for the tasks of a question


async def run_local(work: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
    """Do ``work`` on that thread, after what is already waiting there, or at the question's place."""
    if (elsewhere := place.get()) is not None:
        return await elsewhere.run(work, *args, **kwargs)  # type: ignore[no-any-return]
    return await asyncio.wrap_future(_THREAD.submit(work, *args, **kwargs))


async def ask_placed(ask: Callable[P, Awaitable[T]], *args: P.args, **kwargs: P.kwargs) -> T:
    """Await ``ask``, such as a reader's ``generate``, in this process or at the question's place."""
    if (elsewhere := place.get()) is not None:
        return await elsewhere.run(ask, *args, **kwargs)  # type: ignore[no-any-return]
    return await ask(*args, **kwargs)


def run_local_now(work: Callable[[], T]) -> T:
    """The same for callers without an event loop, who wait; not to be called on that thread itself."""
    return _THREAD.submit(work).result()
