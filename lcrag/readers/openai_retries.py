"""Trying a request again: what may pass, how long to wait for it, and when a server counts as gone."""

from __future__ import annotations

import asyncio
import logging
import math
import time
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING, Any, TypeVar

import openai
from tenacity import AsyncRetrying, wait_exponential, wait_random

from lcrag.readers.flow import flow_at
from lcrag.readers.openai_errors import is_overload, is_transient, short

if TYPE_CHECKING:
    from lcrag.readers.openai_server import Server

T = TypeVar("T")
QUIET_SECONDS = 2.0  # a shorter wait is not worth a line
backoff = wait_exponential(multiplier=0.5, max=30) + wait_random(0, 0.5)
logger = logging.getLogger(__name__)


@dataclass
class Patience:
    """How long one request is tried: while the deadline lasts, and the server is or was there.

    Attributes:
        server: Where the request goes.
        seconds: How long it is tried again after its first failure. Where no request has succeeded for so long,
            further requests are tried once.
        failing_since: When it failed first.
        count: How often it was sent.
        took: Seconds from its first try to the end of its last.
        is_lost: Whether it was given up because the server has never answered: most likely its address is wrong.
    """

    server: Server
    seconds: float
    failing_since: float | None = None
    count: int = 0
    took: float = 0.0
    is_lost: bool = False

    async def send(self, request: Callable[[], Awaitable[T]]) -> tuple[T, float]:
        """The reply, and the seconds of the successful try.

        Raises:
            OpenAIError, TimeoutError, NotACompletion: the last failure.
        """
        tries = AsyncRetrying(
            retry=self._may_pass,
            wait=pause,
            stop=self._is_over,
            before_sleep=self._tell,
            reraise=True,
        )
        first = time.perf_counter()
        async for attempt in tries:
            with attempt:
                self.count += 1
                try:
                    reply, seconds = await self._try(request)
                except openai.APIStatusError:
                    self.server.health.answered = True
                    raise
                finally:
                    self.took = time.perf_counter() - first
                self.server.health.succeeded()
        return reply, seconds

    async def _try(self, request: Callable[[], Awaitable[T]]) -> tuple[T, float]:
        """One try; where the host's concurrency is found by itself, it waits for its turn and tells how it went."""
        flow = flow_at(self.server.host)
        if flow is None:
            return await self._timed(request)
        era = await flow.enter()
        try:
            reply = await self._timed(request)
            flow.answered()
        except Exception as error:
            if is_overload(error):
                flow.refused(era, timed_out=isinstance(error, TimeoutError | openai.APITimeoutError))
            raise
        finally:
            flow.leave()
        return reply

    async def _timed(self, request: Callable[[], Awaitable[T]]) -> tuple[T, float]:
        started = time.perf_counter()
        async with asyncio.timeout(self.server.timeout):
            reply = await request()
        return reply, time.perf_counter() - started

    @property
    def others_succeed(self) -> bool:
        """Whether another request has succeeded since this one failed first."""
        return self.failing_since is not None and self.server.health.last_success > self.failing_since

    @property
    def tries(self) -> str:
        """How often and how long it was tried, for a message; empty for one try where the address may be right."""
        if self.count > 1:
            return f" ({self.count} tries in {self.took:{'.0f' if self.took >= 10 else '.1f'}} seconds)"
        return " (tried once, since it has never worked)" if self.is_lost else ""

    async def _may_pass(self, state: Any) -> bool:
        error = state.outcome.exception()
        if error is None or not is_transient(error):
            return False
        now = time.monotonic()
        self.failing_since = self.failing_since or now
        health = self.server.health
        health.failed(now, forget_after=max(self.seconds, 60.0))
        self.is_lost = not (health.answered or await self.server.answers())
        return not self.is_lost

    def _is_over(self, state: Any) -> bool:
        starts = [t for t in (self.failing_since, self.server.health.failing_since) if t is not None]
        return time.monotonic() + float(state.upcoming_sleep) > min(starts) + self.seconds

    def _tell(self, state: Any) -> None:
        health = self.server.health
        waiting = time.monotonic() + state.upcoming_sleep - (health.failing_since or math.inf)
        if not health.told and waiting >= QUIET_SECONDS:
            health.told = True
            told = short(state.outcome.exception())
            line = (
                f"Waiting for the server at {self.server.base_url}, up to {self.seconds:g} seconds ({told})."
            )
            logger.warning(self.server.redact(line))


def pause(state: Any) -> float:
    """Seconds before the next try: what the server asks for, otherwise about 0.5, 1, 2, ... up to 30."""
    response = getattr(state.outcome.exception(), "response", None)
    asked = _retry_after(response.headers) if response is not None else None
    return backoff(state) if asked is None else asked


def _retry_after(headers: Mapping[str, str]) -> float | None:
    """The header's seconds, or those until its date (RFC 9110, 10.2.3); ``None`` without one that makes sense."""
    value = headers.get("retry-after", "")
    try:
        seconds = float(value)
    except ValueError:
        try:
            date = parsedate_to_datetime(value)
        except ValueError:
            return None
        date = date if date.tzinfo else date.replace(tzinfo=UTC)
        seconds = (date - datetime.now(UTC)).total_seconds()
    return seconds if math.isfinite(seconds) and seconds > 0 else None
