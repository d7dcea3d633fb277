"""Which strategy answers: the protocol, a decision, and the check that it is possible."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol, runtime_checkable

from lcrag.errors import LcragError
from lcrag.schema import Answer, Question
from lcrag.strategies.base import Strategy, Toolbox


@dataclass(frozen=True, slots=True)
class Decision:
    """The chosen strategy's name and, in a few words, why.

    Attributes:
        strategy: the strategy that answers.
        reason: why, in a few words.
        ran: the strategies that were run, in order; each is paid for once, the chosen one included.
        answer: the chosen strategy's answer, if it was made in order to decide.
        propensity: the probability with which the strategy was chosen; 1 where nothing was drawn.
    """

    strategy: str
    reason: str = ""
    ran: tuple[str, ...] = ()
    answer: Answer | None = None
    propensity: float = 1.0


@runtime_checkable
class Router(Protocol):
    """Chooses one of the candidate strategies for a question.

    A router that asks a model does so through ``tools`` under the role ``route``. A router that asks no model is
    better derived from ``ReplayableRouter``: then it can also be replayed on outcomes that exist.
    """

    @property
    def name(self) -> str:
        """The router's name in results."""

    async def route(self, question: Question, candidates: Mapping[str, Strategy], tools: Toolbox) -> Decision:
        """Choose one of ``candidates`` by its name."""


def check_candidate(strategy: str, candidates: Mapping[str, Strategy] | Sequence[str], router: str) -> str:
    """Return ``strategy`` if it is a candidate.

    Raises:
        LcragError: it is not; the message lists the candidates.
    """
    if strategy not in candidates:
        raise LcragError(
            f"Router {router} chose {strategy!r}, but the strategies are: {', '.join(candidates)}."
        )
    return strategy
