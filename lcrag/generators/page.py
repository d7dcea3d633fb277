"""A text that is written piece by piece and remembers where its evidence stands."""

from __future__ import annotations

from collections.abc import Callable, Hashable
from dataclasses import dataclass, field
from functools import cached_property
from typing import Generic, TypeVar

from lcrag.errors import LcragError
from lcrag.schema import Document, Span

T = TypeVar("T")
_TRIES = 10_000  # draws until one is new; then there are too few different ones


@dataclass
class Page:
    """A text and the places of its named pieces."""

    pieces: list[str] = field(default_factory=list)
    places: dict[Hashable, tuple[int, int]] = field(default_factory=dict)
    length: int = 0

    def write(self, text: str, name: Hashable = None, after: str = "") -> None:
        """Add a piece, under a name if it is evidence, and what separates it from the next one."""
        if name is not None:
            self.places[name] = (self.length, self.length + len(text))
        self.pieces += (text, after)
        self.length += len(text) + len(after)

    @cached_property
    def text(self) -> str:
        """The whole text; read it when everything is written."""
        return "".join(self.pieces)

    def document(self, id: str) -> Document:
        """The page as a document."""
        return Document(id, self.text)

    def span(self, name: Hashable, document_id: str) -> Span:
        """Where the piece of that name stands."""
        start, end = self.places[name]
        return Span(document_id, start, end, self.text[start:end])

    def depth(self, name: Hashable) -> float:
        """How far into the text the piece begins, from 0 to 100."""
        return round(100 * self.places[name][0] / max(self.length, 1), 1)


class Supply(Generic[T]):
    """Things drawn one after the other; the first ones are the same however many are wanted."""

    def __init__(self, draw: Callable[[], T]) -> None:
        self.draw = draw
        self.items: list[T] = []

    def first(self, count: int) -> list[T]:
        """The first so many."""
        while len(self.items) < count:
            self.items.append(self.draw())
        return self.items[:count]


class Different(Supply[T]):
    """A supply in which nothing comes twice."""

    def __init__(self, draw: Callable[[], T]) -> None:
        self.existing: set[T] = set()
        self.any = draw
        self.accepts: Callable[[T], bool] = lambda _: True
        super().__init__(self._new)

    def _new(self) -> T:
        for _ in range(_TRIES):
            item = self.any()
            if item not in self.existing and self.accepts(item):
                self.existing.add(item)
                return item
        raise LcragError(f"There are no more than {len(self.existing)} different ones: lower 'tokens'.")
