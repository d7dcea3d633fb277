"""Ctrl-C and SIGTERM: both end a command in the same order, with a sentence and their own exit status."""

from __future__ import annotations

import signal
import sys
from typing import Any

import typer
from typer.core import TyperGroup

_received: list[int] = []


class StoppableGroup(TyperGroup):
    """Commands that say that they were stopped; Typer would print ``Aborted!`` and exit with 1."""

    def invoke(self, ctx: Any) -> Any:
        """See ``click.Group.invoke``."""
        try:
            return super().invoke(ctx)
        except KeyboardInterrupt:
            raise stopped("stopped; run the same command again to continue.") from None


def treat_sigterm_as_interrupt() -> None:
    """Let SIGTERM raise ``KeyboardInterrupt``, too: asyncio ends a run in order on SIGINT only.

    In jobs that a script has put into the background SIGINT is ignored, and asyncio does not listen to it. There it is
    held back instead until a SIGTERM comes, so that Ctrl-C stays without effect.
    """
    is_background = signal.getsignal(signal.SIGINT) is signal.SIG_IGN
    if is_background:
        signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
        signal.signal(signal.SIGINT, signal.default_int_handler)

    def interrupt(number: int, frame: object) -> None:
        _received.append(number)
        if is_background:
            signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGINT})
        signal.raise_signal(signal.SIGINT)

    signal.signal(signal.SIGTERM, interrupt)


def stopped(message: str) -> typer.Exit:
    """Tell it on stderr and return the exit to raise: status 143 after SIGTERM, else 130."""
    sys.stdout.flush()
    sys.stderr.write(f"lcrag: {message}\n")
    return typer.Exit(128 + (_received[0] if _received else signal.SIGINT))
