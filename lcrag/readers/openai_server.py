"""The connection to an OpenAI-compatible server: address, key, clients, and the models that it serves."""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncGenerator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any
from weakref import WeakKeyDictionary

from lcrag.errors import ReaderUnavailable
from lcrag.readers.openai_endpoint import Endpoint, Health
from lcrag.readers.openai_windows import reported_window, window_at, window_of

if TYPE_CHECKING:
    from openai import AsyncOpenAI

PROBE_SECONDS = 10.0  # for the list of models, which takes no model


@dataclass(frozen=True)
class Server(Endpoint):
    """An OpenAI-compatible server as one model's reader sees it.

    Attributes:
        health: What its requests know of it.
    """

    health: Health = field(default_factory=Health, init=False, repr=False, compare=False)
    _clients: WeakKeyDictionary[Any, tuple[AsyncOpenAI, AsyncGenerator[AsyncOpenAI, None]]] = field(
        default_factory=WeakKeyDictionary, init=False, repr=False, compare=False
    )

    async def client(self) -> AsyncOpenAI:
        """The client of the running event loop: connections cannot be used from another loop."""
        loop = asyncio.get_running_loop()
        if loop not in self._clients:
            lifetime = self._lifetime()
            self._clients[loop] = (await anext(lifetime), lifetime)
        return self._clients[loop][0]

    async def _lifetime(self) -> AsyncGenerator[AsyncOpenAI, None]:
        """A client that is closed with its loop: ``asyncio.run`` ends the generators that still run."""
        from openai import AsyncOpenAI

        loop = asyncio.get_running_loop()
        async with AsyncOpenAI(**self._settings()) as client:
            try:
                yield client
            finally:
                self._clients.pop(loop, None)

    def windows(self) -> dict[str, int | None]:
        """The served models, each with its context window where the server reports it.

        Raises:
            LcragError: the server does not answer or refuses.
        """
        import openai

        from lcrag.readers.openai_errors import explain

        try:
            with openai.OpenAI(**self._settings()) as client:
                return {m.id: reported_window(m.model_extra or {}) for m in client.models.list()}
        except openai.OpenAIError as error:
            raise explain(error, self) from error
        except (AttributeError, TypeError, ValueError) as error:  # HTML, broken JSON, other JSON
            raise ReaderUnavailable(
                f"What the server at {self.base_url} answers is not a list of models: correct base_url, which often "
                "ends in /v1, or set max_model_len."
            ) from error

    async def answers(self) -> bool:
        """Whether the server is there: it answers when its models are asked for, and not with an error of its own."""
        import openai

        client = (await self.client()).with_options(timeout=min(self.timeout, PROBE_SECONDS))
        try:
            await client.models.list()
        except openai.APIConnectionError:
            return False
        except openai.APIStatusError as error:
            return error.status_code < 500
        except (openai.OpenAIError, AttributeError, TypeError, ValueError):
            return True
        return True

    def window(self) -> int:
        """The context window of the model: published for this address, else as the server reports it.

        Raises:
            ReaderUnavailable: the server is down, does not serve the model, or nobody says how long its window is.
        """
        from lcrag.readers.openai_errors import unknown_model

        if published := window_at(self.model, self.base_url):
            return published
        windows = self.windows()
        if self.model not in windows:
            raise unknown_model(self.model, self.base_url, windows)
        window = windows[self.model] or window_of(self.model)
        if window is None:
            raise ReaderUnavailable(
                f"The server at {self.base_url} does not say how many tokens fit into {self.model}: set "
                "max_model_len (YAML, Python) or --context-window (command line)."
            )
        return window

    def check_key(self) -> str:
        """The key that the server wants.

        Raises:
            ReaderUnavailable: its environment variable is not set.
        """
        key = os.environ.get(self.key_variable) if self.key_variable else "EMPTY"
        if not key:
            raise ReaderUnavailable(
                f"{self.model} at {self.base_url} needs a key: "
                f"set the environment variable {self.key_variable}."
            )
        return key

    def _settings(self) -> dict[str, Any]:
        key = self.check_key()
        return {"base_url": self.base_url, "api_key": key, "timeout": self.timeout, "max_retries": 0}
