"""Hearing a reader's answer while it is being written."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar

from lcrag.errors import LcragError
from lcrag.readers.base import Request
from lcrag.readers.limits import first_stop

OnText = Callable[[str], None]
_listener: ContextVar[OnText | None] = ContextVar("listener", default=None)


@contextmanager
def listening(on_text: OnText) -> Iterator[None]:
    """Inside the ``with`` block, readers that can stream call ``on_text`` with each new piece of their answer.

    The pieces together are ``Completion.text``. They may come from another thread. A reader that cannot stream calls
    nothing.
    """
    token = _listener.set(on_text)
    try:
        yield
    finally:
        _listener.reset(token)


def speaker_for(request: Request) -> Speaker | None:
    """What tells the pieces of this request's answer; ``None`` where nobody listens."""
    on_text = _listener.get()
    return None if on_text is None else Speaker(on_text, request.stop)


class Speaker:
    """Tells a growing text piece by piece, and nothing that may still be taken back.

    Held back are white space at the end, what may begin a stop string, and half a character.
    """

    def __init__(self, on_text: OnText, stop: tuple[str, ...] = ()) -> None:
        self._on_text, self._stop = on_text, stop
        self.told = ""

    def update(self, text: str) -> None:
        """The whole text so far."""
        cut = first_stop(text, self._stop)
        text = text[:cut]
        if cut is None:
            longest = max((_overlap(text, stop) for stop in self._stop), default=0)
            text = text[: len(text) - longest]
        text = text.lstrip().rstrip("\ufffd").rstrip()
        if text.startswith(self.told):
            self._tell(text)

    def finish(self, text: str) -> None:
        """The text of the completion.

        Raises:
            LcragError: other words were told before: the connection broke and the second try wrote another text.
        """
        if not text.startswith(self.told):
            raise LcragError("The answer was interrupted, and the second try began otherwise: ask again.")
        self._tell(text)

    def _tell(self, text: str) -> None:
        if piece := text[len(self.told) :]:
            self.told = text
            self._on_text(piece)


def _overlap(text: str, stop: str) -> int:
    """How many characters at the end of a text may be the beginning of a stop string."""
    lengths = range(min(len(stop) - 1, len(text)), 0, -1)
    return next((n for n in lengths if text.endswith(stop[:n])), 0)
