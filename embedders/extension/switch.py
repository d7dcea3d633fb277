"""Turning a model's context extension on for long texts and off for short ones."""

from __future__ import annotations

from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from types import TracebackType
from typing import Any


@dataclass
class Switch(AbstractContextManager[None]):
    """Attributes that have another value inside ``with switch:``. Outside, the model is as it was loaded.

    Texts that fit the original window never go through the extension, so that their vectors are exactly those of
    the unextended model.
    """

    changes: list[tuple[Any, str, Any]] = field(default_factory=list)
    _before: list[Any] = field(default_factory=list)

    def add(self, owner: Any, attribute: str, value: Any) -> None:
        """Let ``owner.attribute`` be ``value`` while the switch is on."""
        self.changes.append((owner, attribute, value))

    def __enter__(self) -> None:
        self._before = [getattr(owner, name) for owner, name, _ in self.changes]
        for owner, name, value in self.changes:
            setattr(owner, name, value)

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for (owner, name, _), value in zip(self.changes, self._before, strict=True):
            setattr(owner, name, value)
