"""Routers in an experiment: checked before anything is spent, replayed on what was answered."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from lcrag.errors import LcragError, reason
from lcrag.routers.base import Router, check_candidate
from lcrag.routers.budget import for_all
from lcrag.routers.learning.query import Query
from lcrag.routers.learning.router import ReplayableRouter
from lcrag.schema import Question
from lcrag.strategies.base import Strategy

if TYPE_CHECKING:
    import pandas as pd

    from lcrag.outcomes.costs import CostUnit


def candidates_of(strategies: Sequence[Strategy]) -> list[str]:
    """What routers choose among: every strategy that reads the documents."""
    return [s.name for s in strategies if not s.closed_book]


def check_routers(
    routers: Sequence[Router], strategies: Sequence[Strategy], questions: Sequence[Question]
) -> None:
    """Find what a replay would stumble over.

    Raises:
        LcragError: a router named like another one or a strategy, nothing to choose from, a router that asks a
            model, one that chooses or probes a strategy that is not run, or one that must learn while all
            questions are on one document.
    """
    taken = [s.name for s in strategies]
    for router in routers:
        if router.name in taken:
            raise LcragError(
                f"The router {router.name!r} is named like another router or strategy: rename one of them."
            )
        taken.append(router.name)
    candidates = candidates_of(strategies)
    if routers and not candidates:
        raise LcragError(
            "Routers choose among strategies that read the text: give one, or leave out `routers`."
        )
    for router in routers:
        if not isinstance(router, ReplayableRouter):
            raise LcragError(f"Router {router.name} asks a model: run it as a `routed` strategy instead.")
        for probe in router.probes:
            check_candidate(probe, candidates, router.name)
        if not router.learns:
            blank = {p: {"declined": 0.0} for p in router.probes}
            if not router.needs_embedding:
                router.choose([Query(q.id, q.text, q.kind, signals=blank) for q in questions], candidates)
        elif len({q.document_ids for q in questions}) < 2:
            raise LcragError(
                f"Router {router.name} learns from the questions on other documents, but there is one document: fit "
                "it on other outcomes first (lcrag fit)."
            )


@dataclass(frozen=True)
class RoutedRuns:
    """Routers that were replayed on the outcomes.

    Attributes:
        choices: For each router and question the strategies that are run; the one that answers is last.
        remarks: Why a router has no figures, in sentences.
        problems: Routers that raised an error, in sentences.
    """

    choices: Mapping[str, Mapping[str, tuple[str, ...]]]
    remarks: tuple[str, ...] = ()
    problems: tuple[str, ...] = ()


def replay_routers(
    routers: Sequence[Any],
    table: pd.DataFrame,
    candidates: Sequence[str],
    embedder: Any,
    seed: int,
    cost: CostUnit = "auto",
) -> RoutedRuns:
    """Decide every question by every router, at no cost.

    A router that has to learn does so from the questions on other documents (five folds), with costs in the unit that
    ``compare(table, cost=cost)`` shows. Where nothing was scored, too little to learn from, or the router raises an
    error, its choices are empty, and the reason is told.
    """
    from lcrag.replay import cross_replay, examples_of, replay

    chosen: dict[str, dict[str, tuple[str, ...]]] = {r.name: {} for r in routers}
    if not routers or not table["score"].notna().any():
        return RoutedRuns(chosen)
    if len(candidates) < 2:
        one = dict.fromkeys(table["question_id"], (*candidates,))
        return RoutedRuns({name: one for name in chosen if candidates})
    remarks: list[str] = []
    problems: list[str] = []
    embeds = embedder if any(r.needs_embedding for r in routers) else None
    try:
        examples = examples_of(table, strategies=candidates, cost=cost, embedder=embeds)
    except Exception as error:
        return RoutedRuns(chosen, (), (f"The routers have no figures ({reason(error)}).",))
    names = examples.strategies
    for router in routers:
        try:
            spread = for_all(router, len(examples))
            done = cross_replay(spread, examples, seed=seed) if router.learns else replay(spread, examples)
        except LcragError as error:
            remarks.append(f"{router.name} has no figures. {error}")
            continue
        except Exception as error:  # one router must not take the others down with it
            problems.append(f"The router {router.name} failed ({reason(error)}): it has no figures.")
            continue
        for query, ran, last in zip(examples.queries, done.ran, done.chosen, strict=True):
            before = [n for n, r in zip(names, ran, strict=True) if r and n != names[last]]
            chosen[router.name][query.id] = (*before, names[last])
    return RoutedRuns(chosen, tuple(remarks), tuple(problems))
