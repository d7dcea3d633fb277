"""Limits of one request: its prompt must fit the window, and stop strings end its answer."""

from __future__ import annotations

from collections.abc import Sequence

from lcrag.errors import LcragError
from lcrag.readers.base import Reader, Request


def check_fits(prompt_tokens: int, request: Request, reader: Reader) -> None:
    """Check that a prompt of so many tokens and its completion fit the reader's context window.

    Raises:
        LcragError: they do not fit.
    """
    if prompt_tokens + request.max_tokens > reader.context_window:
        raise LcragError(
            f"A prompt of {prompt_tokens} tokens and {request.max_tokens} for the answer do not fit into "
            f"the {reader.context_window} tokens of {reader.name}: shorten the document or truncate it."
        )


def first_stop(text: str, stop: Sequence[str]) -> int | None:
    """Where the first stop string begins, ``None`` if there is none."""
    return min((start for s in stop if (start := text.find(s)) >= 0), default=None)
