"""What runs in a Ray actor."""

from __future__ import annotations

import asyncio
import inspect
import os
from collections.abc import Mapping
from typing import Any

from lcrag.errors import LcragError
from lcrag.experiment.executors.shipping import Parcel, Receiver, Sender
from lcrag.local import run_local


class Worker:
    """Holds the reader and whatever else it was sent, and works with them."""

    def __init__(self) -> None:
        self._sender, self._receiver = Sender(), Receiver()
        self._turn = asyncio.Lock()  # work begins in the order in which it comes

    async def process(self) -> int:
        """The id of the actor's process, once it has started."""
        return os.getpid()

    async def run(self, content: bytes, refs: Mapping[str, Any]) -> tuple[bool, Parcel]:
        """Do a piece of work; returns whether it succeeded, and its result or its error."""
        names = list(refs)
        try:
            async with self._turn:
                fetched = {name: await refs[name] for name in self._receiver.missing(names)}
                work, args, kwargs = self._receiver.unpack(content, names, fetched)
            if inspect.iscoroutinefunction(work):
                return True, self._sender.pack(await work(*args, **kwargs))
            result = await run_local(work, *args, **kwargs)
            return True, self._sender.pack(await result if inspect.isawaitable(result) else result)
        except Exception as error:  # a component of the user's own may raise anything
            return False, self._packed_error(error)

    def _packed_error(self, error: Exception) -> Parcel:
        try:
            parcel = self._sender.pack(error)
            Receiver().unpack(parcel.content, [], {})
        except Exception:  # some errors cannot be made again from what they hold
            return self._sender.pack(LcragError(f"{type(error).__name__}: {error}"))
        return parcel
