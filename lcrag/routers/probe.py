"""The probe router: ask the cheap strategy first, escalate when it declines."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Self

import numpy as np
from numpy.typing import NDArray

from lcrag.errors import LcragError
from lcrag.routers.base import Decision, check_candidate
from lcrag.routers.learning.examples import Examples
from lcrag.routers.learning.query import Query
from lcrag.routers.learning.router import LearningRouter

if TYPE_CHECKING:
    import pandas as pd

MAX_OPTIONS = 100  # thresholds of a curve; more make its picture no finer


@dataclass(frozen=True)
class ProbeState:
    """That ``fit`` has chosen the router's threshold.

    Attributes:
        thresholds: how many thresholds it compared; 0 if it was not to choose.
    """

    thresholds: int


@dataclass(frozen=True)
class ProbeRouter(LearningRouter[ProbeState]):
    """Self-Route (Li et al. 2024, arXiv 2407.16833) with a threshold.

    The cheap strategy answers; where the probability that it declines reaches ``threshold`` the other strategy answers
    instead, and both are paid for. Readers that give token probabilities make the signal ``p_unanswerable``; without
    it ``declined`` (0 or 1) takes its place, and this is Self-Route as published.

    Attributes:
        first: the cheap strategy.
        then: the strategy to escalate to.
        threshold: from 0 (always escalate) to 1; ``fit`` chooses it.
        cost_weight: the quality that one gives up to save what ``then`` costs on average; used by ``fit``.
        learn: whether ``fit`` may change the threshold; without, this is Self-Route as published.
    """

    first: str = "chunked_retrieval"
    then: str = "long_context"
    threshold: float = 0.5
    cost_weight: float = 0.0
    learn: bool = True
    name: str = "probe_router"

    @property
    def probes(self) -> tuple[str, ...]:
        """The cheap strategy."""
        return (self.first,)

    def fit(self, examples: Examples) -> Self:
        """A copy with the threshold of the highest score minus ``cost_weight`` times cost; the highest of equals.

        Raises:
            LcragError: a strategy is not among the outcomes, no question is scored in both, or ``cost_weight`` is set
                but costs are not known.
        """
        if not self.learn:
            return self.with_state(ProbeState(0))
        table = self.sweep(examples)
        value = table["accuracy"]
        if self.cost_weight:
            unit = examples.mean_costs[examples.strategies.index(self.then)]
            value = value - self.cost_weight * table["cost"] / unit
            if value.isna().all():
                raise LcragError(
                    f"Router {self.name} weighs quality against cost, but the outcomes do not say what its strategies "
                    "cost: set its cost_weight to 0, or count costs in another unit."
                )
        best = table.loc[value[::-1].idxmax(), "threshold"]
        return self.with_state(ProbeState(len(table)), threshold=float(best))

    def sweep(self, examples: Examples) -> pd.DataFrame:
        """What every threshold gives: a row each, ascending, ``inf`` (never escalate) last.

        Columns: ``threshold``, ``escalated`` (share of queries), ``accuracy``, ``cost`` (per-query mean),
        ``false_accept`` (share of all queries that were kept although ``then`` is better), ``false_decline`` (share of
        all queries that were escalated although it is not).
        """
        import pandas as pd

        first, then = (
            examples.strategies.index(check_candidate(s, examples.strategies, self.name))
            for s in (self.first, self.then)
        )
        scored = ~np.isnan(examples.scores[:, [first, then]]).any(1)
        if not scored.any():
            raise LcragError(
                f"Router {self.name} has nothing to learn from: no question is scored in both strategies."
            )
        doubt = np.array([_doubt(q, self.first) for q in examples.queries])[scored]
        first_score, then_score = examples.scores[scored][:, [first, then]].T
        first_cost, then_cost = examples.costs[scored][:, [first, then]].T
        rows = []
        for threshold in [*np.unique(np.round(doubt, 4)), np.inf]:
            escalated = doubt >= threshold
            rows.append(
                {
                    "threshold": float(threshold),
                    "escalated": escalated.mean(),
                    "accuracy": np.where(escalated, then_score, first_score).mean(),
                    "cost": (first_cost + np.where(escalated, then_cost, 0.0)).mean(),
                    "false_accept": (~escalated & (then_score > first_score)).mean(),
                    "false_decline": (escalated & (then_score <= first_score)).mean(),
                }
            )
        return pd.DataFrame(rows)

    def threshold_options(
        self, examples: Examples
    ) -> Iterator[tuple[NDArray[np.float64], NDArray[np.float64]]]:
        """Costs and scores of all queries, each of shape (N,), for the thresholds of ``sweep``, at most about 100."""
        first, then = (examples.strategies.index(s) for s in (self.first, self.then))
        doubt = np.array([_doubt(q, self.first) for q in examples.queries])
        thresholds = np.unique(np.round(doubt, 4))
        if len(thresholds) > MAX_OPTIONS:
            thresholds = np.unique(np.quantile(thresholds, np.linspace(0, 1, MAX_OPTIONS), method="nearest"))
        for threshold in [*thresholds, np.inf]:
            escalated = doubt >= threshold
            cost = examples.costs[:, first] + np.where(escalated, examples.costs[:, then], 0.0)
            yield cost, np.where(escalated, examples.scores[:, then], examples.scores[:, first])

    def choose(self, queries: Sequence[Query], candidates: Sequence[str]) -> list[Decision]:
        """The cheap strategy unless it declines."""
        for strategy in (self.first, self.then):
            check_candidate(strategy, candidates, self.name)
        decisions = []
        for query in queries:
            doubt = _doubt(query, self.first)
            strategy = self.then if doubt >= self.threshold else self.first
            decisions.append(Decision(strategy, f"p(unanswerable) {doubt:.2f}", (self.first,)))
        return decisions


def _doubt(query: Query, strategy: str) -> float:
    """How likely the strategy declines, from 0 to 1."""
    signals = query.signals[strategy]
    return float(signals.get("p_unanswerable", signals["declined"]))
