"""What lcrag raises for bad input or a broken environment: one sentence that says what to do."""

from __future__ import annotations

from collections.abc import Iterable
from difflib import get_close_matches

from lcrag.redaction import redact


class LcragError(Exception):
    """Bad input, told in one sentence that names the file, key, question or address and the remedy."""

    def __str__(self) -> str:
        return " ".join(super().__str__().splitlines())  # names and values in it may have line breaks


class ReaderUnavailable(LcragError):
    """The language model cannot be used at all (server down, wrong model name, no access): a run stops."""


def did_you_mean(word: str, known: Iterable[str], cutoff: float = 0.5) -> str:
    """A hint for a misspelt word: the nearest known one if it is similar enough (0 to 1), otherwise all of them."""
    names = list(known)
    near = get_close_matches(word, names, n=1, cutoff=cutoff)
    return f"did you mean {near[0]!r}?" if near else f"known are: {', '.join(names) or 'none'}."


def reason(error: BaseException) -> str:
    """Why something failed, in one line without secrets: an ``LcragError`` as it is, any other with its type."""
    lines = redact(str(error)).strip().splitlines()
    message = lines[0][:300] if lines else ""
    if isinstance(error, LcragError):
        return message.rstrip(".")
    return f"{type(error).__name__}: {message}" if message else type(error).__name__
