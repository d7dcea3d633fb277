"""Routers that expect a quality of each strategy and weigh it against the strategy's expected cost."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Self, TypeVar

import numpy as np

from lcrag.errors import LcragError
from lcrag.routers.base import Decision
from lcrag.routers.learning.cost_lines import CostLines, Matrix
from lcrag.routers.learning.examples import Examples
from lcrag.routers.learning.inputs import InputSample
from lcrag.routers.learning.query import Query
from lcrag.routers.learning.router import LearningRouter


@dataclass(frozen=True)
class ScoringState:
    """What every scoring router learns; subclasses add what they predict quality with.

    Attributes:
        costs: the strategies and what each is expected to cost.
        inputs: a sample of what was learned from; ``None`` in a file of an older lcrag.
    """

    costs: CostLines
    inputs: InputSample | None = field(default=None, kw_only=True)


Scoring = TypeVar("Scoring", bound=ScoringState)


@dataclass(frozen=True)
class ScoringRouter(LearningRouter[Scoring]):
    """Choose the strategy with the highest expected quality minus ``cost_weight`` times expected cost.

    RouterBench's rule (Hu et al. 2024, arXiv 2403.12031, section 3: willingness to pay), divided by the willingness.

    Attributes:
        cost_weight: the quality, from 0 to 1, that one gives up to save what the dearest strategy costs on average.
        probe: a strategy that is run first, so that the signals of its answer are known; it is paid for.
    """

    cost_weight: float = 0.0
    probe: str = ""

    def __post_init__(self) -> None:
        if not self.cost_weight >= 0:
            raise ValueError(f"cost_weight must not be negative, but is {self.cost_weight!r}")

    @property
    def probes(self) -> tuple[str, ...]:
        """The probe, if there is one."""
        return (self.probe,) if self.probe else ()

    @property
    def strategies(self) -> list[str]:
        """The strategies that it has learned to choose among."""
        return list(self.fitted_state.costs.strategies)

    def fit(self, examples: Examples) -> Self:
        """A copy that has learned from the examples in which every strategy is scored.

        Raises:
            LcragError: there are none, the probe is not among the strategies, ``cost_weight`` is set but not every
                strategy's cost is known, or these are feedback from an application.
        """
        if examples.propensities is not None:
            raise LcragError(
                f"Router {self.name} learns from questions that every strategy has answered, but feedback scores the "
                "strategy that answered only: take linucb or thompson, or run the questions through every strategy."
            )
        if self.probe and self.probe not in examples.strategies:
            raise LcragError(
                f"Router {self.name} probes {self.probe!r}, but the outcomes have: {', '.join(examples.strategies)}."
            )
        scored = examples.take(np.flatnonzero(~np.isnan(examples.scores).any(1)))
        if not len(scored):
            raise LcragError(
                f"Router {self.name} has nothing to learn from: no question is scored in every strategy."
            )
        if self.cost_weight and np.isnan(scored.mean_costs).any():
            raise LcragError(
                f"Router {self.name} weighs quality against cost, but the outcomes do not say what every strategy "
                "costs: set its cost_weight to 0, or count costs in another unit."
            )
        return self.with_state(self.with_inputs(self._learn(scored, CostLines.fit(scored)), scored))

    def with_inputs(self, state: Scoring, examples: Examples) -> Scoring:
        """The state with a sample of what it was learned from."""
        inputs = InputSample.of(examples.queries, examples.clusters, retrieval=self.wants_retrieval)
        return replace(state, inputs=inputs)

    def _learn(self, examples: Examples, costs: CostLines) -> Scoring:
        """The state that ``predict`` needs, from examples without missing scores."""
        raise NotImplementedError

    def predict(self, queries: Sequence[Query]) -> Matrix:
        """Expected quality, shape (queries, strategies)."""
        raise NotImplementedError

    def expected_costs(self, queries: Sequence[Query]) -> Matrix:
        """What each strategy would still cost, relative to the dearest one's mean; shape (queries, strategies).

        A probe has run already and costs nothing more.
        """
        costs = self.fitted_state.costs.expected(queries)
        if self.probe:
            costs[:, self.strategies.index(self.probe)] = 0.0
        return costs

    def choose(self, queries: Sequence[Query], candidates: Sequence[str]) -> list[Decision]:
        """The strategy of highest value for each query; of equals the cheaper."""
        return self.decide(self.predict(queries), self.expected_costs(queries), candidates)

    def decide(self, quality: Matrix, costs: Matrix, candidates: Sequence[str]) -> list[Decision]:
        """Decisions from expected qualities and costs, both of shape (queries, strategies)."""
        columns = self.columns(candidates)
        value = quality[:, columns] - self.cost_weight * costs[:, columns]
        cheapest_first = np.argsort(costs[:, columns].mean(0), kind="stable")
        best = cheapest_first[np.argmax(value[:, cheapest_first], axis=1)]
        names = [self.strategies[i] for i in columns]
        reasons = [f"expected {quality[row, columns[b]]:.2f}" for row, b in enumerate(best)]
        return [Decision(names[b], why, self.probes) for b, why in zip(best, reasons, strict=True)]

    def columns(self, candidates: Sequence[str]) -> list[int]:
        """The columns of the learned strategies that are candidates.

        Raises:
            LcragError: none is.
        """
        columns = [i for i, s in enumerate(self.strategies) if s in candidates]
        if not columns:
            raise LcragError(
                f"Router {self.name} knows {', '.join(self.strategies)}; the strategies are: {', '.join(candidates)}."
            )
        return columns
