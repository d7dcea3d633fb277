"""The probe router: ask the cheap strategy first, escalate when it seems unable to answer."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, Self

import numpy as np

from lcrag.errors import LcragError
from lcrag.routers.base import Decision, ReplayableRouter, nearest
from lcrag.routers.learning.examples import Examples
from lcrag.routers.learning.query import Query

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True)
class ProbeRouter(ReplayableRouter):
    """Self-Route (Li et al. 2024, arXiv 2407.16833) with a threshold.

    The cheap strategy answers; where the probability that it declines reaches ``threshold`` the other strategy answers
    instead, and both are paid for. Readers that give token probabilities make the signal ``p_unanswerable``; without
    it ``declined`` (0 or 1) takes its place, and this is Self-Route as published.

    Attributes:
        first: the cheap strategy.
        then: the one to escalate to.
        threshold: from 0 (always escalate) to 1; ``fit`` chooses it.
        price: quality given up to save what ``then`` costs on a mean query, in ``fit``.
        learn: whether ``fit`` may change the threshold; without, this is Self-Route as published.
    """

    first: str = "chunked_retrieval"
    then: str = "long_context"
    threshold: float = 0.5
    price: float = 0.0
    learn: bool = True
    name: str = "probe_router"
    _learned: Any = field(default=None, repr=False, compare=False)

    @property
    def probes(self) -> tuple[str, ...]:
        """The cheap strategy."""
        return (self.first,)

    def fit(self, examples: Examples) -> Self:
        """A copy with the threshold of the best score less price times cost; the highest of equals.

        Raises:
            LcragError: a strategy is not among the outcomes, nothing is scored in both, or a price is to be weighed
                against costs that are not known.
        """
        if not self.learn:
            return replace(self, _learned={})
        table = self.sweep(examples)
        value = table["accuracy"]
        if self.price:
            dear = examples.mean_costs[examples.strategies.index(self.then)]
            value = value - self.price * table["cost"] / dear
            if value.isna().all():
                raise LcragError(
                    f"Router {self.name} weighs quality against cost, but the outcomes do not say what its strategies "
                    "cost: set its price to 0, or count costs in another unit."
                )
        best = table.loc[value[::-1].idxmax(), "threshold"]
        return replace(self, threshold=float(best), _learned={"swept": len(table)})

    def sweep(self, examples: Examples) -> pd.DataFrame:
        """What every threshold gives: a row each, ascending, ``inf`` (never escalate) last.

        Columns: ``threshold``, ``escalated`` (share), ``accuracy``, ``cost`` (mean a query), ``false_accept`` (share of
        all queries that stayed although ``then`` is better), ``false_decline`` (that escalated although it is not).
        """
        import pandas as pd

        a, b = (
            examples.strategies.index(nearest(s, examples.strategies, self.name))
            for s in (self.first, self.then)
        )
        known = ~np.isnan(examples.scores[:, [a, b]]).any(1)
        if not known.any():
            raise LcragError(
                f"Router {self.name} has nothing to learn from: no question is scored in both strategies."
            )
        doubt = np.array([_doubt(q, self.first) for q in examples.queries])[known]
        (cheap, dear), (paid, more) = examples.scores[known][:, [a, b]].T, examples.costs[known][:, [a, b]].T
        rows = []
        for threshold in [*np.unique(np.round(doubt, 4)), np.inf]:
            up = doubt >= threshold
            rows.append(
                {
                    "threshold": float(threshold),
                    "escalated": up.mean(),
                    "accuracy": np.where(up, dear, cheap).mean(),
                    "cost": (paid + np.where(up, more, 0.0)).mean(),
                    "false_accept": (~up & (dear > cheap)).mean(),
                    "false_decline": (up & (dear <= cheap)).mean(),
                }
            )
        return pd.DataFrame(rows)

    def choose(self, queries: Sequence[Query], candidates: Sequence[str]) -> list[Decision]:
        """The cheap strategy unless it seems unable to answer."""
        for name in (self.first, self.then):
            nearest(name, candidates, self.name)
        decisions = []
        for query in queries:
            doubt = _doubt(query, self.first)
            chosen = self.then if doubt >= self.threshold else self.first
            decisions.append(Decision(chosen, f"p(unanswerable) {doubt:.2f}", (self.first,)))
        return decisions


def _doubt(query: Query, strategy: str) -> float:
    said = query.signals[strategy]
    return float(said.get("p_unanswerable", said["declined"]))
