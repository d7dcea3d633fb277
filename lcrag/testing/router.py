"""What every router promises."""

from __future__ import annotations

import asyncio
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from lcrag.routers.base import Decision, Router
from lcrag.routers.learning.examples import Examples
from lcrag.routers.learning.features import signals, text_features
from lcrag.routers.learning.query import Query
from lcrag.routers.learning.router import ReplayableRouter
from lcrag.runtime.toolbox import MeteredToolbox
from lcrag.strategies.chunked_retrieval import ChunkedRetrieval
from lcrag.strategies.long_context import LongContext
from lcrag.testing import world
from lcrag.testing.promises import check_component, promise

CANDIDATES = ("chunked_retrieval", "long_context")


def check_router(router: Router) -> None:
    """Check a router live, and one that decides from queries alone also in a replay.

    It chooses among the candidates; fitting returns a copy and leaves the router as it was; queries together are
    decided as in another order; saved and loaded it decides the same.

    Raises:
        AssertionError: a promise is broken; the message names it.
    """
    label = check_component(router, "router", "name")
    if isinstance(router, ReplayableRouter):
        router = _check_replay(router, label)
    strategies = {s.name: s for s in (ChunkedRetrieval(k=1), LongContext())}
    for question in world.dataset().questions:
        tools = MeteredToolbox(world.resources(world.reader()), salt=label)
        decision = asyncio.run(router.route(question, strategies, tools))
        promise(decision.strategy in strategies, f"{label}: {decision.strategy!r} is not a candidate.")


def _check_replay(router: ReplayableRouter, label: str) -> ReplayableRouter:
    learning, unseen = examples(300, 0), examples(40, 1)
    fitted = router.fit(learning)
    if router.learns:
        promise(not fitted.learns, f"{label}: `fit` must return a router that has learned.")
        promise(fitted is not router and router.learns, f"{label}: `fit` must leave the router as it was.")
    queries = list(unseen.queries)
    chosen = _names(fitted.choose(queries, CANDIDATES), label, len(queries))
    backwards = _names(fitted.choose(queries[::-1], CANDIDATES), label, len(queries))[::-1]
    promise(chosen == backwards, f"{label}: decisions depend on the order of the queries.")
    with tempfile.TemporaryDirectory() as folder:
        from lcrag.routers.file import load_router, save_router

        save_router(fitted, Path(folder) / "router")
        loaded = load_router(Path(folder) / "router", trusted=[type(router)])
    again = _names(loaded.choose(queries, CANDIDATES), label, len(queries))
    promise(chosen == again, f"{label}: saved and loaded, it decides otherwise.")
    return fitted


def _names(decisions: Sequence[Decision], label: str, count: int) -> list[str]:
    promise(len(decisions) == count, f"{label}: {len(decisions)} decisions for {count} queries.")
    for decision in decisions:
        promise(decision.strategy in CANDIDATES, f"{label}: {decision.strategy!r} is not a candidate.")
    return [d.strategy for d in decisions]


def examples(count: int, seed: int) -> Examples:
    """Retrieval is right on "when" questions and long context on "compare" questions, but for a tenth of them."""
    rng = np.random.default_rng(seed)
    queries, scores, costs = [], [], []
    for i in range(count):
        compares = bool(rng.random() < 0.5)
        lot = f"lot {i} of {('tin', 'wool', 'salt')[i % 3]}"
        text = f"Compare the price of {lot} with silk." if compares else f"When was {lot} first sold?"
        right = np.array([1.0 - compares, float(compares)])
        scores.append(np.where(rng.random(2) < 0.1, 1 - right, right))
        tokens = float(rng.integers(2000, 9000))
        costs.append((900.0, tokens))
        declines = bool(scores[-1][0] == 0)
        answers: dict[str, Any] = {
            "chunked_retrieval": signals(text, "unanswerable" if declines else "in 1990", declines, {}),
            "long_context": signals(text, "in 1990", False, {}),
        }
        vector = world.WordEmbedder().embed([text], "query").vectors[0]
        kind = "comparison" if compares else "location"
        queries.append(Query(f"q{i}", text, kind, "reader", tokens, text_features(text), vector, answers))
    documents = tuple(f"d{i % 20}" for i in range(count))
    return Examples(tuple(queries), CANDIDATES, np.array(scores), np.array(costs), documents)
