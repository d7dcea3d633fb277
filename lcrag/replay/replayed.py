"""A router on outcomes that exist: what it would have scored and cost, without asking a model."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lcrag.errors import LcragError
from lcrag.replay.splits import Split, folds
from lcrag.routers.base import Decision, check_candidate
from lcrag.routers.learning.examples import Examples
from lcrag.routers.learning.query import Query
from lcrag.routers.learning.router import ReplayableRouter
from lcrag.routers.learning.scoring import ScoringRouter


@dataclass(frozen=True)
class Replayed:
    """What a router did on N examples with A strategies.

    Attributes:
        name: The router's name.
        chosen: Index of the strategy that answered, shape (N,).
        scores: Scores of the answers, shape (N,); NaN where the strategy has no score.
        costs: Costs of all strategies that were run, shape (N,).
        discarded: The part of ``costs`` spent on answers that were not used, shape (N,): the overhead of probing.
        ran: Which strategies were run, shape (N, A).
        milliseconds: Time per decision, when many are made at once.
        probes: Strategies that the router runs before it decides; their cost does not depend on the decision.
        quality: The expected quality of each strategy, shape (N, A); ``None`` for routers that expect none.
        expected_costs: The expected cost of each strategy, likewise.
    """

    name: str
    chosen: NDArray[np.int64]
    scores: NDArray[np.float64]
    costs: NDArray[np.float64]
    discarded: NDArray[np.float64]
    ran: NDArray[np.bool_]
    milliseconds: float = 0.0
    probes: tuple[str, ...] = ()
    quality: NDArray[np.float64] | None = None
    expected_costs: NDArray[np.float64] | None = None


def visible(queries: Sequence[Query], probes: Sequence[str]) -> list[Query]:
    """The queries with the signals of the probes alone: a router sees no answer that it does not pay for."""
    return [replace(q, signals={p: q.signals[p] for p in probes if p in q.signals}) for q in queries]


def replay(router: Any, examples: Examples) -> Replayed:
    """Decide every example with a router that is fitted already, or needs no fitting.

    Raises:
        LcragError: the router asks a model, or chooses a strategy that was not run.
    """
    if not isinstance(router, ReplayableRouter):
        raise LcragError(
            f"Router {router.name} asks a model: run it as a `routed` strategy instead of replaying it."
        )
    names = list(examples.strategies)
    queries = visible(examples.queries, router.probes)
    started = time.perf_counter()
    quality = costs = None
    if isinstance(router, ScoringRouter):
        quality, costs = router.predict(queries), router.expected_costs(queries)
        decisions = router.decide(quality, costs, names)
    else:
        decisions = router.choose(queries, names)
    milliseconds = (time.perf_counter() - started) * 1000 / max(1, len(queries))
    if quality is not None and router.strategies != names:  # type: ignore[attr-defined]
        quality = costs = None
    return replace(
        settle(router.name, decisions, examples),
        milliseconds=milliseconds,
        probes=router.probes,
        quality=quality,
        expected_costs=costs,
    )


def settle(name: str, decisions: Sequence[Decision], examples: Examples) -> Replayed:
    """Scores and costs of decisions: every strategy that was run is paid for once.

    Raises:
        LcragError: a decision names a strategy that the examples do not have.
    """
    column = {s: i for i, s in enumerate(examples.strategies)}
    for strategy in {s for d in decisions for s in (d.strategy, *d.ran)}:
        check_candidate(strategy, examples.strategies, name)
    chosen = np.array([column[d.strategy] for d in decisions])
    ran = np.zeros((len(decisions), len(column)), bool)
    for row, decision in enumerate(decisions):
        for strategy in decision.ran:
            ran[row, column[strategy]] = True
    rows = np.arange(len(decisions))
    ran[rows, chosen] = True
    paid = np.where(ran, examples.costs, 0.0).sum(1)
    used = examples.costs[rows, chosen]
    return Replayed(name, chosen, examples.scores[rows, chosen], paid, paid - used, ran)


def cross_replay(
    router: Any,
    examples: Examples,
    split: Split = "document",
    count: int = 5,
    seed: int = 0,
    extra: Examples | None = None,
) -> Replayed:
    """Fit the router on every fold's training part and decide its test part: every example is decided once.

    Args:
        router: a router, fitted or not; one that asks a model cannot be replayed.
        examples: queries with the scores and costs of every strategy.
        split: how folds are made (see ``folds``).
        count: number of folds of the document split.
        seed: seeds the folds.
        extra: examples that every fold learns from and none decides: those that the router's settings were chosen on.

    Raises:
        LcragError: as ``replay`` and ``folds``, or a document is in both.
    """
    if not isinstance(router, ReplayableRouter):
        return replay(router, examples)
    if extra is not None and (shared := set(extra.clusters) & set(examples.clusters)):
        raise LcragError(
            f"The document {min(shared)} is among those to decide and among the extra ones to learn from: take it out "
            "of one of them."
        )
    parts = []
    for fold in folds(examples, split, count, seed):
        train = examples.take(fold.train)
        fitted = router.fit(train if extra is None else extra.joined(train))
        parts.append((fold.test, replay(fitted, examples.take(fold.test))))
    order = np.argsort(np.concatenate([test for test, _ in parts]))

    def joined(field: str) -> Any:
        values = [getattr(part, field) for _, part in parts]
        return None if any(v is None for v in values) else np.concatenate(values)[order]

    milliseconds = sum(part.milliseconds * len(test) for test, part in parts) / len(order)
    fields = ("chosen", "scores", "costs", "discarded", "ran", "quality", "expected_costs")
    columns = {field: joined(field) for field in fields}
    return Replayed(router.name, milliseconds=milliseconds, probes=router.probes, **columns)
