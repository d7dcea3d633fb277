"""An application's feedback on the command line."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from lcrag.errors import LcragError

if TYPE_CHECKING:
    from lcrag.routers.learning.examples import Examples


def feedback_at(
    path: Path, strategies: Sequence[str] | None, kinds: Sequence[str] | None, cost: str, cache: str
) -> Examples:
    """What routers learn from in a folder of feedback.

    Raises:
        LcragError: there is no feedback, or none of these kinds.
    """
    from lcrag.serving.feedback_table import feedback_examples, read_feedback

    answers = read_feedback(path)
    if kinds and not (answers := [a for a in answers if a.kind in kinds]):
        raise LcragError(f"{path} has no feedback on questions of the kind {', '.join(kinds)}.")
    return feedback_examples(answers, strategies=strategies, cost=cost, cache=cache)  # type: ignore[arg-type]


def check_learns_from_feedback(router: Any) -> None:
    """Refuse a router that needs every strategy's score.

    Raises:
        LcragError: names the router.
    """
    from lcrag.routers.learning.bandit import LinearBandit

    if not isinstance(router, LinearBandit):
        raise LcragError(
            f"Router {router.name} learns from questions that every strategy has answered, but feedback scores the "
            "strategy that answered only: take linucb or thompson, or run the questions through every strategy."
        )


def print_values(
    routers: Sequence[Any],
    path: Path,
    strategies: Sequence[str] | None,
    kinds: Sequence[str] | None,
    cost: str,
    cache: str,
    seed: int,
) -> list[Any]:
    """What each strategy alone, and routers, would have scored, estimated from feedback.

    Raises:
        LcragError: as ``off_policy_value``.
    """
    from lcrag.routers import FixedRouter, LinUCBRouter, ThompsonRouter
    from lcrag.serving.off_policy import off_policy_value, value_table

    examples = feedback_at(path, strategies, kinds, cost, cache)
    fixed = [FixedRouter(s) for s in examples.strategies]
    chosen = routers or [r for r in (LinUCBRouter(), ThompsonRouter()) if len(examples) > 2 * r.warm_up]
    for router in chosen:
        if router.learns:
            check_learns_from_feedback(router)
    values = [off_policy_value(r, examples, seed=seed) for r in (*fixed, *chosen)]
    sys.stdout.write(value_table(values, examples.unit) + "\n")
    return values
