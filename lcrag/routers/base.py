"""Which strategy answers: the protocol."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol, runtime_checkable

from lcrag.schema import Question
from lcrag.strategies.base import Strategy, Toolbox


@dataclass(frozen=True, slots=True)
class Decision:
    """The chosen strategy's name and, in a few words, why."""

    strategy: str
    reason: str = ""


@runtime_checkable
class Router(Protocol):
    """Chooses one of the candidate strategies for a question.

    A router that asks a model does so through ``tools`` under the role ``route``. One that needs no
    model can be replayed on outcomes that exist already.
    """

    @property
    def name(self) -> str:
        """What it is called in results."""

    async def route(self, question: Question, candidates: Mapping[str, Strategy], tools: Toolbox) -> Decision:
        """Choose by name among ``candidates``."""


def nearest(wanted: str, candidates: Mapping[str, Strategy], router: str) -> str:
    """``wanted`` if it is a candidate.

    Raises:
        LcragError: it is not; the message lists what is.
    """
    from lcrag.errors import LcragError

    if wanted not in candidates:
        raise LcragError(
            f"Router {router} chose {wanted!r}, but the strategies are: {', '.join(candidates)}."
        )
    return wanted
