"""Routers that expect a quality of each strategy and weigh it against what the strategy is expected to cost."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from lcrag.errors import LcragError
from lcrag.routers.base import Decision, ReplayableRouter
from lcrag.routers.learning.examples import Examples
from lcrag.routers.learning.query import Query

Matrix = NDArray[np.float64]


@dataclass(frozen=True)
class ScoringRouter(ReplayableRouter):
    """Choose the strategy with the highest expected quality less ``price`` times expected cost.

    RouterBench's rule (Hu et al. 2024, arXiv 2403.12031, section 3: willingness to pay), divided by the willingness.

    Attributes:
        price: quality, from 0 to 1, that one gives up to save what the dearest strategy costs on a mean query.
        probe: a strategy that is run first; its answer's signals are looked at, and it is paid for.
    """

    price: float = 0.0
    probe: str = ""
    _learned: Any = field(default=None, repr=False, compare=False)

    def __post_init__(self) -> None:
        if not self.price >= 0:
            raise ValueError(f"price must not be negative, but is {self.price!r}")

    @property
    def probes(self) -> tuple[str, ...]:
        """The probe, if there is one."""
        return (self.probe,) if self.probe else ()

    @property
    def strategies(self) -> list[str]:
        """What it learned to choose among."""
        return list(self.learned["strategies"])

    def fit(self, examples: Examples) -> Self:
        """A copy that has learned from the examples whose every strategy is scored.

        Raises:
            LcragError: there are none, the probe is not among the strategies, or a price is to be weighed against
                costs that are not known.
        """
        if self.probe and self.probe not in examples.strategies:
            raise LcragError(
                f"Router {self.name} probes {self.probe!r}, but the outcomes have: {', '.join(examples.strategies)}."
            )
        scored = examples.take(np.flatnonzero(~np.isnan(examples.scores).any(1)))
        if not len(scored):
            raise LcragError(
                f"Router {self.name} has nothing to learn from: no question is scored in every strategy."
            )
        known = scored.mean_costs[~np.isnan(scored.mean_costs)]
        if self.price and len(known) < len(scored.strategies):
            raise LcragError(
                f"Router {self.name} weighs quality against cost, but the outcomes do not say what every strategy "
                "costs: set its price to 0, or count costs in another unit."
            )
        learned = {
            "strategies": list(examples.strategies),
            "costs": _cost_lines(scored),
            "dearest": float(known.max(initial=0.0)) or 1.0,
            **self._learn(scored),
        }
        return replace(self, _learned=learned)

    def _learn(self, examples: Examples) -> dict[str, Any]:
        """What ``predict`` needs, from examples without missing scores."""
        raise NotImplementedError

    def predict(self, queries: Sequence[Query]) -> Matrix:
        """Expected quality, shape (queries, strategies)."""
        raise NotImplementedError

    def expected_costs(self, queries: Sequence[Query]) -> Matrix:
        """What each strategy would still cost, in the costs of the dearest one on a mean query; same shape.

        A line in the documents' tokens for each strategy. A probe that has run costs nothing more.
        """
        constant, slope, middle = np.array(self.learned["costs"]).T
        tokens = np.array([q.tokens for q in queries])[:, None]
        costs: Matrix = (constant + slope * np.where(np.isnan(tokens), middle, tokens)) / self.learned[
            "dearest"
        ]
        if self.probe:
            costs[:, self.strategies.index(self.probe)] = 0.0
        return costs

    def choose(self, queries: Sequence[Query], candidates: Sequence[str]) -> list[Decision]:
        """The best value for each query; the cheaper of equals."""
        return self.decide(self.predict(queries), self.expected_costs(queries), candidates)

    def decide(
        self, quality: Matrix, costs: Matrix, candidates: Sequence[str], price: float | None = None
    ) -> list[Decision]:
        """Decisions from expected qualities and costs, at another price if one is given."""
        open_ = [i for i, s in enumerate(self.strategies) if s in candidates]
        if not open_:
            raise LcragError(
                f"Router {self.name} knows {', '.join(self.strategies)}; the strategies are: {', '.join(candidates)}."
            )
        value = quality[:, open_] - (self.price if price is None else price) * costs[:, open_]
        cheap = np.argsort(costs[:, open_].mean(0), kind="stable")
        best = cheap[np.argmax(value[:, cheap], axis=1)]
        names = [self.strategies[i] for i in open_]
        reasons = [f"expected {quality[row, open_[b]]:.2f}" for row, b in enumerate(best)]
        return [Decision(names[b], why, self.probes) for b, why in zip(best, reasons, strict=True)]


def _cost_lines(examples: Examples) -> list[list[float]]:
    """For each strategy constant, slope and mean tokens of cost against the documents' tokens."""
    tokens = np.array([q.tokens for q in examples.queries])
    known = ~np.isnan(tokens)
    lines = []
    for costs in examples.costs.T:
        use = known & ~np.isnan(costs)
        if use.sum() > 1 and np.ptp(tokens[use]) > 0:
            slope, constant = np.polyfit(tokens[use], costs[use], 1)
        else:
            slope, constant = 0.0, np.nanmean(costs) if (~np.isnan(costs)).any() else 0.0
        lines.append([float(constant), float(slope), float(tokens[use].mean()) if use.any() else 0.0])
    return lines
