"""LangChain's side of an application: answers at once, piece by piece, with and without a loop of the caller's."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import AsyncGenerator, AsyncIterator, Iterator
from typing import Any

from langchain_core.runnables import Runnable, RunnableConfig, ensure_config

from lcrag.readers.streaming import OnText
from lcrag.serving.loop import BackgroundLoop
from lcrag.serving.streaming import pieces


class AnsweringRunnable(Runnable[Any, dict[str, Any]]):
    """A runnable that answers questions on a loop of its own, so that indexes are shared by callers of any loop."""

    def __init__(self) -> None:
        self._loop = BackgroundLoop()

    @abstractmethod
    async def _answer(
        self, input: Any, config: RunnableConfig | None, on_text: OnText | None = None
    ) -> dict[str, Any]:
        """Answer one question; ``on_text`` is told the answer while it is written, where that is possible."""

    def invoke(self, input: Any, config: RunnableConfig | None = None, **kwargs: Any) -> dict[str, Any]:
        """Answer one question.

        Raises:
            LcragError: no question, an unknown document, or whatever the strategy raises.
        """
        config = ensure_config(config)
        return self._call_with_config(lambda x: self._loop.run(self._answer(x, config)), input, config)

    async def ainvoke(
        self, input: Any, config: RunnableConfig | None = None, **kwargs: Any
    ) -> dict[str, Any]:
        """Answer one question, without blocking the caller's loop."""
        config = ensure_config(config)

        async def work(x: Any) -> dict[str, Any]:
            return await self._loop.await_(self._answer(x, config))

        return await self._acall_with_config(work, input, config)

    def stream(
        self, input: Any, config: RunnableConfig | None = None, **kwargs: Any
    ) -> Iterator[dict[str, Any]]:
        """Answer one question piece by piece: mappings that add up (``+``) to what ``invoke`` returns.

        A strategy with one call (long context, retrieval, a memory that is read directly) tells its answer token by
        token, if the reader can: those on OpenAI-compatible servers, of vLLM, transformers and LangChain. Any other
        tells it at once.
        """
        config = ensure_config(config)

        def work(inputs: Iterator[Any]) -> Iterator[dict[str, Any]]:
            for x in inputs:
                yield from self._loop.iterate(self._pieces(x, config))

        yield from self._transform_stream_with_config(iter([input]), work, config)

    async def astream(
        self, input: Any, config: RunnableConfig | None = None, **kwargs: Any
    ) -> AsyncIterator[dict[str, Any]]:
        """The same without blocking the caller's loop."""
        config = ensure_config(config)

        async def given() -> AsyncIterator[Any]:
            yield input

        async def work(inputs: AsyncIterator[Any]) -> AsyncIterator[dict[str, Any]]:
            async for x in inputs:
                async for piece in self._loop.aiterate(self._pieces(x, config)):
                    yield piece

        async for piece in self._atransform_stream_with_config(given(), work, config):
            yield piece

    def _pieces(self, input: Any, config: RunnableConfig) -> AsyncGenerator[dict[str, Any], None]:
        return pieces(lambda on_text: self._answer(input, config, on_text))
