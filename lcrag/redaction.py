"""Taking secrets out of what is written, printed or logged."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Mapping
from typing import Any
from urllib.parse import unquote, urlsplit

HIDDEN = "***"
MIN_SECRET = 8  # characters; a shorter value of an environment variable would hide words of any text
_TOKEN = r"(?:(?:access|api|auth|bearer|hf|refresh|session)[-_]?)?token"
_NAMES = rf"api[-_]?key|{_TOKEN}|password|passwd|pwd|secret|authorization|credentials?"
_ENVIRONMENT = re.compile(r"(KEY|TOKEN|PASSWORD|SECRET)$")
_SECRET_FIELD = re.compile(rf"{_TOKEN}|(?:.*[-_])?(?:{_NAMES.replace(f'{_TOKEN}|', '')})", re.IGNORECASE)
_PATTERNS = (
    (re.compile(r"(\w[\w+.-]*://)[^\s/?#'\"]*@"), rf"\1{HIDDEN}@"),  # user:password@ in a URL
    (
        re.compile(rf"(?<![\w-])((?:{_NAMES}|key)=)[^&\s'\",;]+", re.IGNORECASE),
        rf"\1{HIDDEN}",
    ),  # ?api_key=...
    (
        re.compile(
            r"\b((?:proxy-)?authorization|(?:x-)?api[-_]key)(['\"]?\s*:\s*['\"]?)((?:bearer|basic)\s+)?[^\s'\",;}]+",
            re.IGNORECASE,
        ),
        rf"\1\2{HIDDEN}",
    ),
    (re.compile(r"\b(Bearer\s+)[\w.~+/=-]{8,}"), rf"\1{HIDDEN}"),
)


def redact(value: Any, secrets: Iterable[str | None] = ()) -> Any:
    """``value`` with every secret replaced by ``***``.

    Secrets are the given ones, values of environment variables that are named like one (``..._API_KEY``), credentials
    in URLs, values of the headers ``Authorization`` and ``api-key``, and, in mappings, texts under such names.

    Args:
        value: A text, or mappings, lists and tuples of texts; anything else is returned as it is.
        secrets: Values that are known to be secret, such as a server's key.
    """
    known = {s for s in secrets if s} | {
        v for k, v in os.environ.items() if len(v) >= MIN_SECRET and _ENVIRONMENT.search(k)
    }
    return _redacted(value, sorted(known, key=len, reverse=True))


def secrets_in(value: Any) -> set[str]:
    """The secrets that settings hold themselves: passwords in URLs, and texts under such names in mappings."""
    if isinstance(value, str):
        parts = urlsplit(value) if "://" in value else None
        return {unquote(parts.password)} if parts and parts.password else set()
    if isinstance(value, Mapping):
        return {s for k, v in value.items() for s in ({v} if _is_secret(k, v) else secrets_in(v))}
    return {s for v in value for s in secrets_in(v)} if isinstance(value, list | tuple) else set()


def _redacted(value: Any, known: list[str]) -> Any:
    if isinstance(value, str):
        for secret in known:
            value = value.replace(secret, HIDDEN)
        for pattern, safe in _PATTERNS:
            value = pattern.sub(safe, value)
        return value
    if isinstance(value, Mapping):
        return {k: HIDDEN if _is_secret(k, v) else _redacted(v, known) for k, v in value.items()}
    if isinstance(value, list | tuple):
        return type(value)(_redacted(v, known) for v in value)
    return value


def _is_secret(name: Any, value: Any) -> bool:
    return bool(value) and isinstance(value, str) and _SECRET_FIELD.fullmatch(str(name)) is not None
