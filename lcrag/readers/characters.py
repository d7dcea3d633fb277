"""Texts from outside that may hold half a character."""

from __future__ import annotations


def whole(text: str) -> str:
    """A text that can be written as UTF-8: half a surrogate pair, as JSON may hold, becomes U+FFFD."""
    return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
