"""Routers in an experiment: checked before anything is spent, replayed on what was answered."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import nan
from typing import TYPE_CHECKING, Any

from lcrag.errors import LcragError, reason
from lcrag.routers.base import Router, check_candidate
from lcrag.routers.budget import for_all
from lcrag.routers.learning.query import Query, query_of
from lcrag.routers.learning.router import ReplayableRouter
from lcrag.runtime.resources import Resources
from lcrag.runtime.toolbox import MeteredToolbox
from lcrag.schema import Outcome, Question
from lcrag.strategies.base import Strategy
from lcrag.tables import many

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


@dataclass
class _FeatureToolbox(MeteredToolbox):
    """A toolbox that need not ask a server for the reader's window.

    Attributes:
        window: The window in tokens, 0 where it is not known.
    """

    window: int = 0

    @property
    def context_window(self) -> int:
        """See ``window``."""
        return self.window


async def features_of(
    questions: Sequence[Question],
    outcomes: Sequence[Outcome],
    resources: Resources,
    window: float | None = None,
) -> tuple[dict[str, dict[str, float]], tuple[str, ...]]:
    """What a router may see of each question, with a first retrieval where a strategy has retrieved for it.

    Args:
        questions: the questions.
        outcomes: their outcomes.
        resources: documents and retriever.
        window: the reader's window where it is known from an earlier run; else the reader is asked for it.

    Returns:
        The features by question, and what went wrong with them, in sentences: a retrieval that fails leaves its
        features out.
    """
    problems: list[str] = []
    try:
        tokens = int(resources.reader.context_window if window is None else window)
    except Exception as error:  # its server is down; the answers are paid for
        tokens = 0
        problems.append(f"The window of {resources.reader.name} is not known ({reason(error)}).")
    retrieved = {o.question_id for o in outcomes if any(step.name == "retrieve" for step in o.steps)}
    features: dict[str, dict[str, float]] = {}
    errors: list[Exception] = []
    for question in questions:
        tools = _FeatureToolbox(resources, salt="features", window=tokens)
        try:
            query = await query_of(question, tools, retrieval=question.id in retrieved)
        except Exception as error:  # the answers are paid for: the run goes on without these features
            errors.append(error)
            query = await query_of(question, tools)
        features[question.id] = {
            "document_tokens": query.tokens,
            "window": float(tokens or nan),
            **{f"feature_{k}": v for k, v in query.features.items()},
        }
    if errors:
        whose = "their" if len(errors) > 1 else "its"
        problems.append(
            f"The features of {many(len(errors), 'question')} are incomplete: {whose} first retrieval failed "
            f"({reason(errors[0])})."
        )
    return features, tuple(problems)


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
