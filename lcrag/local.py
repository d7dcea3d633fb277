"""The one thread on which models in this process run.

Every thread that calls torch gets a pool of OpenMP workers of its own. With more workers than cores
they sleep between operations instead of waiting for the next one, and decoding takes twice as long.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import ParamSpec, TypeVar

P = ParamSpec("P")
T = TypeVar("T")
_THREAD = ThreadPoolExecutor(1, "lcrag-local")


async def run_local(work: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
    """Do ``work`` on that thread, after what is already waiting there."""
    return await asyncio.wrap_future(_THREAD.submit(work, *args, **kwargs))


def run_local_now(work: Callable[[], T]) -> T:
    """The same for callers without an event loop, who wait; not to be called on that thread itself."""
    return _THREAD.submit(work).result()
