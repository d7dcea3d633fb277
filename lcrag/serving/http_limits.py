"""Limits of a server: how large a request may be, how many are answered at once, and who may ask."""

from __future__ import annotations

import hmac
import json
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from starlette.exceptions import HTTPException


@dataclass
class Limits:
    """An ASGI middleware that refuses a request before anything is done for it.

    Attributes:
        app: What answers.
        max_bytes: The largest body of a request; a larger one is refused with 413.
        max_concurrency: Questions that are being answered at once; one more is refused with 429.
        api_key: The bearer token that every request under ``/v1`` must have; empty for none.
    """

    app: Any
    max_bytes: int
    max_concurrency: int
    api_key: str = ""
    active: int = field(default=0, init=False)

    async def __call__(self, scope: Any, receive: Callable[[], Any], send: Callable[[Any], Any]) -> None:
        """Answer or refuse one request."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        headers = {k.decode("latin-1").lower(): v.decode("latin-1") for k, v in scope["headers"]}
        if self.api_key and scope["path"].startswith("/v1") and not self._may_ask(headers):
            await _refuse(send, 401, "The API key is wrong or missing.", "invalid_api_key")
        elif _length(headers) > self.max_bytes:
            await _refuse(send, 413, self._too_large, "request_too_large")
        elif not scope["path"].endswith("/chat/completions"):
            await self.app(scope, self._counting(receive), send)
        elif self.active >= self.max_concurrency:
            message = f"{self.max_concurrency} questions are being answered: ask again in a moment."
            await _refuse(send, 429, message, "too_many_requests", {"retry-after": "1"})
        else:
            self.active += 1
            try:
                await self.app(scope, self._counting(receive), send)
            finally:
                self.active -= 1

    @property
    def _too_large(self) -> str:
        return f"A request may have {self.max_bytes:,} bytes at most."

    def _may_ask(self, headers: dict[str, str]) -> bool:
        given = headers.get("authorization", "").removeprefix("Bearer ")
        return hmac.compare_digest(given.encode("utf-8"), self.api_key.encode("utf-8"))

    def _counting(self, receive: Callable[[], Any]) -> Callable[[], Any]:
        """``receive`` for a body that does not say how large it is."""
        total = 0

        async def counting() -> Any:
            nonlocal total
            message = await receive()
            total += len(message.get("body", b""))
            if total > self.max_bytes:
                raise HTTPException(413, self._too_large)
            return message

        return counting


def _length(headers: dict[str, str]) -> int:
    value = headers.get("content-length", "0")
    return int(value) if value.isascii() and value.isdigit() else 0


def error_body(message: str, code: str) -> dict[str, Any]:
    """An error as OpenAI's clients expect it."""
    return {"error": {"message": message, "type": "invalid_request_error", "param": None, "code": code}}


async def _refuse(
    send: Callable[[Any], Any], status: int, message: str, code: str, headers: dict[str, str] | None = None
) -> None:
    body = json.dumps(error_body(message, code)).encode()
    given = {"content-type": "application/json", "connection": "close", **(headers or {})}
    start = {
        "type": "http.response.start",
        "status": status,
        "headers": [(k.encode(), v.encode()) for k, v in given.items()],
    }
    await send(start)
    await send({"type": "http.response.body", "body": body})
