"""Routers that decide from queries alone, and those of them that learn from examples."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Generic, Self, TypeVar, get_args, get_origin

from lcrag.errors import LcragError
from lcrag.metrics.support import support
from lcrag.routers.base import Decision, check_candidate
from lcrag.routers.learning.examples import Examples
from lcrag.routers.learning.features import signals
from lcrag.routers.learning.query import Query, query_of
from lcrag.schema import Question
from lcrag.strategies.base import Strategy, Toolbox

State = TypeVar("State")


class ReplayableRouter:
    """A router that decides from queries alone, many at once: live and in a replay by the same code.

    Subclasses are frozen dataclasses with a ``choose``. Those that learn derive from ``LearningRouter``.
    """

    name: str

    @property
    def probes(self) -> tuple[str, ...]:
        """The strategies that may be run before the decision, in the order in which they are run."""
        return ()

    @property
    def needs_embedding(self) -> bool:
        """Whether queries must come with an embedding."""
        return False

    @property
    def needs_text(self) -> bool:
        """Whether queries must come with their text: features and signals are not enough."""
        return self.needs_embedding

    @property
    def wants_retrieval(self) -> bool:
        """Whether queries should come with features of a first retrieval."""
        return False

    @property
    def learns(self) -> bool:
        """Whether the router still has to learn: a replay fits it on every fold."""
        return False

    def fit(self, examples: Examples) -> Self:
        """A router that has learned from the examples; one that does not learn is returned unchanged."""
        return self

    def choose(self, queries: Sequence[Query], candidates: Sequence[str]) -> list[Decision]:
        """A decision for each query."""
        raise NotImplementedError

    def next_probe(self, query: Query, candidates: Sequence[str]) -> str:
        """The next strategy to run before deciding; empty to decide now."""
        return next((p for p in self.probes if p not in query.signals), "")

    async def observe(self, question: Question, candidates: Mapping[str, Strategy], tools: Toolbox) -> Query:
        """What the router sees of a live question: its features, an embedding if it needs one, its probes' answers."""
        names = list(candidates)
        query = await query_of(
            question, tools, retrieval=self.wants_retrieval, embedding=self.needs_embedding
        )
        while probe := self.next_probe(query, names):
            strategy = candidates[check_candidate(probe, candidates, self.name)]
            answer = await strategy.answer(question, tools)
            notes = {**answer.notes, **support(question.text, answer.text, answer.evidence)}
            answer_signals = signals(question.text, answer.text, answer.declined, notes)
            query = replace(
                query,
                signals={**query.signals, probe: answer_signals},
                answers={**query.answers, probe: answer},
            )
        return query

    async def route(self, question: Question, candidates: Mapping[str, Strategy], tools: Toolbox) -> Decision:
        """Make the query, run the probes, decide."""
        query = await self.observe(question, candidates, tools)
        (decision,) = self.choose([query], list(candidates))
        check_candidate(decision.strategy, candidates, self.name)
        return replace(decision, answer=query.answers.get(decision.strategy))


@dataclass(frozen=True)
class LearningRouter(ReplayableRouter, Generic[State]):
    """A router whose ``fit`` returns a copy with a ``state``.

    ``State`` is a frozen dataclass (or a dict) of plain values, arrays, estimators and further such dataclasses; then
    ``save_router`` can write it. A subclass names it: ``class MyRouter(LearningRouter[MyState])``.
    """

    # Not a setting: its underscore keeps it out of YAML, digests and reports.
    _state: State | None = field(default=None, repr=False, compare=False, kw_only=True)

    @property
    def state(self) -> State | None:
        """What ``fit`` has learned; ``None`` before."""
        return self._state

    @property
    def learns(self) -> bool:
        """Until it is fitted."""
        return self._state is None

    @property
    def fitted_state(self) -> State:
        """What ``fit`` has learned.

        Raises:
            LcragError: the router is not fitted.
        """
        if self._state is None:
            raise LcragError(
                f"Router {self.name} has learned nothing yet: fit it on outcomes, or load a fitted one."
            )
        return self._state

    def fingerprint(self) -> str:
        """Names what the router has learned, so that answers of differently fitted routers are told apart."""
        import joblib

        return str(joblib.hash(self._state))

    def with_state(self, state: State | None, **settings: Any) -> Self:
        """A copy with this state and, where given, changed settings."""
        return replace(self, _state=state, **settings)

    @classmethod
    def state_type(cls) -> Any:
        """The type of the state, as the class or the nearest base names it."""
        for base in (b for c in cls.__mro__ for b in vars(c).get("__orig_bases__", ())):
            origin = get_origin(base)
            if isinstance(origin, type) and issubclass(origin, LearningRouter):
                (named,) = get_args(base)
                if not isinstance(named, TypeVar):
                    return named
        return Any
