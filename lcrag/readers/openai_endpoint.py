"""Where a model is served, and what is known of the server's health."""

from __future__ import annotations

import math
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from lcrag.errors import LcragError
from lcrag.readers.characters import whole
from lcrag.redaction import redact

OPENAI = "https://api.openai.com/v1"


def is_openai(base_url: str) -> bool:
    """Whether an address is OpenAI's own or one of its regions': there its key and its rules apply."""
    parts = urlsplit(base_url)
    host = parts.hostname or ""
    return parts.scheme == "https" and (host == "api.openai.com" or host.endswith(".api.openai.com"))


@dataclass
class Health:
    """What all requests to one server know of it; times are those of ``time.monotonic``.

    Attributes:
        answered: Whether it has ever answered a request, be it with an error.
        last_success: When the last request succeeded.
        failing_since: When the first request failed after the last success; ``None`` while all is well.
        last_failure: When a request failed last.
        told: Whether the user knows that the server is waited for.
    """

    answered: bool = False
    last_success: float = -math.inf
    failing_since: float | None = None
    last_failure: float = -math.inf
    told: bool = False

    def succeeded(self) -> None:
        """Note a success: all is well."""
        self.answered, self.last_success = True, time.monotonic()
        self.failing_since, self.told = None, False

    def failed(self, now: float, forget_after: float) -> None:
        """Note a failure; an old one with nothing since is forgotten."""
        if self.failing_since is None or now - self.last_failure > forget_after:
            self.failing_since = now
        self.last_failure = now


@dataclass(frozen=True)
class Endpoint:
    """Where one model is served, and how.

    Attributes:
        model: The model's name at the server.
        base_url: The server's address with its version.
        key_variable: Environment variable with the key; empty for a server without one.
        timeout: Seconds that one try may take.
        secrets: Values that no message may show, beside the key.
    """

    model: str
    base_url: str
    key_variable: str
    timeout: float
    secrets: frozenset[str] = field(default=frozenset(), repr=False)

    @property
    def host(self) -> str:
        """Name and port."""
        return urlsplit(self.base_url).netloc.rpartition("@")[2]

    def redact(self, text: str) -> str:
        """A message in whole characters, without the server's key and other secrets: it may repeat what was sent."""
        return str(redact(whole(text), [os.environ.get(self.key_variable), *self.secrets]))

    @contextmanager
    def redacted_errors(self) -> Iterator[None]:
        """A block whose errors show no secrets."""
        try:
            yield
        except LcragError as error:
            error.args = (self.redact(str(error)),)
            raise
