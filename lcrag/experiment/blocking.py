"""Waiting for a coroutine, also where an event loop runs already, as in a notebook."""

from __future__ import annotations

import asyncio
import signal
import threading
from collections.abc import Coroutine, Iterator
from concurrent.futures import CancelledError, ThreadPoolExecutor, wait
from contextlib import contextmanager, suppress
from contextvars import copy_context
from typing import Any, TypeVar

T = TypeVar("T")
LISTEN_SECONDS = 0.2  # in which a signal is heard at the latest


def wait_for(work: Coroutine[Any, Any, T]) -> T:
    """The result of ``work``: on a loop of this thread or, where one runs already, on a loop in a thread of its own.

    Ctrl-C, or a notebook's interrupt, cancels ``work``, waits until it has ended, and is raised then. So does SIGTERM,
    unless the program handles it, and ends the process with the usual status.
    """
    with _ended_by_sigterm():
        return _wait_for(work)


@contextmanager
def _ended_by_sigterm() -> Iterator[None]:
    """SIGTERM is heard as Ctrl-C is, so that nothing is left running: no task, connection or child process.

    It stays as it is where the program handles it, or where Ctrl-C is ignored (a shell's background jobs).
    """
    if (
        threading.current_thread() is not threading.main_thread()
        or signal.getsignal(signal.SIGTERM) is not signal.SIG_DFL
        or signal.getsignal(signal.SIGINT) is not signal.default_int_handler
    ):
        yield
        return
    is_terminated = False

    def interrupt(number: int, frame: Any) -> None:
        nonlocal is_terminated
        is_terminated = True
        signal.raise_signal(signal.SIGINT)

    signal.signal(signal.SIGTERM, interrupt)
    try:
        yield
    except KeyboardInterrupt:
        if is_terminated:
            raise SystemExit(128 + signal.SIGTERM) from None
        raise
    finally:
        signal.signal(signal.SIGTERM, signal.SIG_DFL)


def _wait_for(work: Coroutine[Any, Any, T]) -> T:
    try:
        asyncio.get_running_loop()
    except RuntimeError:
        return asyncio.run(work)
    running: list[tuple[asyncio.AbstractEventLoop, asyncio.Task[Any]]] = []

    async def watched() -> T:
        task = asyncio.current_task()
        assert task is not None
        running.append((asyncio.get_running_loop(), task))
        return await work

    with ThreadPoolExecutor(1, "lcrag-run") as thread:
        future = thread.submit(copy_context().run, asyncio.run, watched())
        try:
            while not wait([future], LISTEN_SECONDS).done:
                pass  # a signal that another thread received is heard between two waits
            return future.result()
        except KeyboardInterrupt:  # a thread hears no signals: this one has to tell it
            for loop, task in running:
                with suppress(RuntimeError):  # the loop has just been closed
                    loop.call_soon_threadsafe(task.cancel)
            with suppress(CancelledError, asyncio.CancelledError):
                future.result()
            raise
