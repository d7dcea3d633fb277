"""Which strategy answers: the protocol, and what all routers share."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Protocol, Self, runtime_checkable

from lcrag.errors import LcragError
from lcrag.routers.learning.query import Query, look
from lcrag.schema import Answer, Question
from lcrag.strategies.base import Strategy, Toolbox

if TYPE_CHECKING:
    from lcrag.routers.learning.examples import Examples


@dataclass(frozen=True, slots=True)
class Decision:
    """The chosen strategy's name and, in a few words, why.

    Attributes:
        strategy: the one that answers.
        reason: a few words.
        ran: strategies that were run in order to decide, in turn; they are paid for, the chosen one once.
        answer: the chosen strategy's answer, if deciding has made it already.
    """

    strategy: str
    reason: str = ""
    ran: tuple[str, ...] = ()
    answer: Answer | None = None


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


class ReplayableRouter:
    """A router that decides from queries alone, many at once: live and in a replay by the same code.

    Subclasses are frozen dataclasses with a ``choose``; those that learn also have a ``fit`` which returns a
    fitted copy. ``probes`` names strategies whose answers it wants to see first, in the order it runs them.
    """

    name: str

    @property
    def probes(self) -> tuple[str, ...]:
        """Strategies that may be run before the decision."""
        return ()

    @property
    def needs_embedding(self) -> bool:
        """Whether queries must come with an embedding."""
        return False

    @property
    def wants_retrieval(self) -> bool:
        """Whether queries should come with features of a first retrieval."""
        return False

    @property
    def learned(self) -> dict[str, Any]:
        """What ``fit`` has found.

        Raises:
            LcragError: nothing was fitted.
        """
        found = getattr(self, "_learned", None)
        if found is None:
            raise LcragError(
                f"Router {self.name} has learned nothing yet: fit it on outcomes, or load a fitted one."
            )
        return found  # type: ignore[no-any-return]

    def fit(self, examples: Examples) -> Self:
        """A router that has learned from examples; one that does not learn is returned as it is."""
        return self

    def choose(self, queries: Sequence[Query], candidates: Sequence[str]) -> list[Decision]:
        """A decision for each query."""
        raise NotImplementedError

    def more(self, query: Query, candidates: Sequence[str]) -> str:
        """The next strategy to run before deciding, empty to decide now."""
        return next((p for p in self.probes if p not in query.signals), "")

    async def route(self, question: Question, candidates: Mapping[str, Strategy], tools: Toolbox) -> Decision:
        """Look at the question, run the probes it asks for, decide."""
        from lcrag.metrics.support import support
        from lcrag.routers.learning.features import signals

        names = list(candidates)
        query = await look(question, tools, retrieval=self.wants_retrieval, embedding=self.needs_embedding)
        while probe := self.more(query, names):
            answer = await candidates[nearest(probe, candidates, self.name)].answer(question, tools)
            notes = {**answer.notes, **support(question.text, answer.text, answer.evidence)}
            said = signals(question.text, answer.text, answer.declined, notes)
            query = replace(
                query, signals={**query.signals, probe: said}, answers={**query.answers, probe: answer}
            )
        (decision,) = self.choose([query], names)
        nearest(decision.strategy, candidates, self.name)
        return replace(decision, answer=query.answers.get(decision.strategy))


def nearest(wanted: str, candidates: Mapping[str, Strategy] | Sequence[str], router: str) -> str:
    """``wanted`` if it is a candidate.

    Raises:
        LcragError: it is not; the message lists what is.
    """
    if wanted not in candidates:
        raise LcragError(
            f"Router {router} chose {wanted!r}, but the strategies are: {', '.join(candidates)}."
        )
    return wanted
